"""The board of a session, what happened in it, and its buttons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from books.access import person_of
from workflow import actions
from workflow.board import Board, Look, read_board, read_entries, summary
from workflow.board.markup import COMPACT, Lens, render_card_with, render_parts, render_seq
from workflow.board.moments import Moment
from workflow.board.tabs import count_waiting
from workflow.board.workers import notice_for
from workflow.budgets import read_limits
from workflow.live.glimpses import read_glimpses
from workflow.states import UNFINISHED, SessionStatus

from .lookup import back_to_board, sessions_of

ENTRIES_PER_PAGE = 200


@dataclass(frozen=True)
class ShownGroup:
    """Fifty chapters of the compact view, ready for the page."""

    number: int
    is_open: bool
    summary: SafeString
    cards: SafeString


@login_required
@require_safe
def board(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the session as it is, and keep the page up to date through its socket."""
    session = get_object_or_404(sessions_of(request), version__book__book_id=book_id, version__number=number)
    shown = read_board(session)
    lens = Lens.of(request.GET.get("view", ""), request.GET.get("show", ""), len(shown.cards))
    parts = render_parts(shown, lens, count_waiting(session))
    proofs = read_glimpses(session.pk) if lens.view != COMPACT and shown.first(Look.IN_PROGRESS) else {}
    cards = {
        number: render_card_with(card, lens.view, proofs.get(number)) for number, card in shown.cards.items()
    }
    context = {
        "section": "books",
        "version": session.version,
        "board": shown,
        "lens": lens,
        "nothing": summary.nothing_line(lens.show),
        "page_title": summary.page_title(session).removesuffix(" · ChapterFlow"),
        "socket": f"/ws/sessions/{session.pk}/?{urlencode({'since': shown.seq, **lens._asdict()})}",
        "news": f"{reverse('session_news', args=[session.pk])}?{urlencode(lens._asdict())}",
        "workers": notice_for(session, request.user),
        "now": Moment.at(timezone.now()),
        "seq": render_seq(shown),
        "parts": {name.removeprefix("board-"): html for name, html in parts.items()},
        "leaves": [html for name, html in parts.items() if name.startswith("leaf-")],
        "tiles": [html for name, html in parts.items() if name.startswith("tile-")],
        "groups": list(_groups(shown, lens, parts, cards)),
        "cards": _join(cards.values()),
    }
    return render(request, "workflow/board.html", context)


def _groups(
    shown: Board, lens: Lens, parts: dict[str, SafeString], cards: dict[int, SafeString]
) -> Iterator[ShownGroup]:
    """Yield the groups of the compact view; the one where somebody would look first is open, all under a filter."""
    if not shown.is_large or lens.view != COMPACT:
        return
    first = shown.first(Look.IN_PROGRESS) or shown.first(Look.FAILED)
    for group in shown.groups:
        yield ShownGroup(
            number=group.number,
            is_open=bool(lens.show) or first in group.cards,
            summary=parts[f"group-{group.number}-summary"],
            cards=_join(cards[card.number] for card in group.cards),
        )


@login_required
@require_safe
def activity(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show all that happened, newest first, by pages."""
    session = get_object_or_404(sessions_of(request), version__book__book_id=book_id, version__number=number)
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else session.event_seq + 1
    entries = read_entries(session.pk, before=before, newest=ENTRIES_PER_PAGE)[::-1]
    days = [
        {"date": day, "entries": list(group)}
        for day, group in groupby(entries, key=lambda entry: localtime(entry.at).date())
    ]
    newer = min(before + ENTRIES_PER_PAGE, session.event_seq + 1)
    context = {
        "section": "books",
        "version": session.version,
        "total": session.event_seq,
        "days": days,
        "newer": str(newer) if newer > before else None,
        "older": str(entries[-1].seq) if entries and entries[-1].seq > 1 else "",
    }
    return render(request, "workflow/activity.html", context)


@login_required
@require_POST
def session_pause(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Claim nothing more."""
    session = get_object_or_404(sessions_of(request), pk=session_id)
    actions.pause_session(session, actor=person_of(request))
    return back_to_board(request, session)


@login_required
@require_POST
def session_resume(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Go on after a pause."""
    session = get_object_or_404(sessions_of(request), pk=session_id)
    actions.resume_session(session, actor=person_of(request))
    return back_to_board(request, session)


@login_required
@require_POST
def session_budget(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Raise the budget; a session that was paused for it goes on."""
    session = get_object_or_404(sessions_of(request), pk=session_id)
    limits = read_limits(request.POST.get("budget_dollars", ""), request.POST.get("budget_tokens", ""))
    actions.raise_budget(session, limits, actor=person_of(request))
    return back_to_board(request, session)


@login_required
@require_POST
def session_retry(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Try again what failed."""
    session = get_object_or_404(sessions_of(request), pk=session_id)
    actions.retry_session(session, actor=person_of(request))
    return back_to_board(request, session)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_cancel(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask, then cancel."""
    session = get_object_or_404(sessions_of(request), pk=session_id)
    if request.method == "POST":
        actions.cancel_session(session, actor=person_of(request))
        return back_to_board(request, session)
    if session.status not in UNFINISHED | {SessionStatus.FAILED}:
        return back_to_board(request, session)
    return render(
        request,
        "workflow/session_cancel.html",
        {"section": "books", "version": session.version, "session": session},
    )


@login_required
@require_POST
def chapter_retry(request: HttpRequest, session_id: UUID, chapter: int) -> HttpResponse:
    """Try a failed chapter again, with its writer or with another one."""
    session = get_object_or_404(sessions_of(request), pk=session_id)
    item = get_object_or_404(session.items.all(), number=chapter)
    actions.retry_chapter(item, actor=person_of(request), writer=request.POST.get("writer") or None)
    return back_to_board(request, session)


def _join(pieces: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(pieces))  # noqa: S308  (each piece is safe)
