"""The board of a session, what happened in it, and its buttons."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from books.access import person_of
from workflow import actions
from workflow.contract.states import UNFINISHED, SessionStatus
from workflow.engine.budget.limits import read_limits
from workflow.pages.board import summary
from workflow.pages.board.board import GROUP, Board, read_board
from workflow.pages.board.cards import DisplayStatus
from workflow.pages.board.markup import (
    COMPACT,
    BoardView,
    parts_of,
    render_card,
    render_group,
    render_now,
    render_seq,
    render_unread_group,
)
from workflow.pages.board.preview import read_previews
from workflow.pages.board.signal import page_title, signal_of
from workflow.pages.board.tabs import count_waiting
from workflow.progress.activity import read_entries
from workflow.progress.moments import Moment
from workflow.progress.workers import notice_for

from .lookup import back_to_board, session_of_version_or_404, session_or_404

ENTRIES_PER_PAGE = 200
# Under a filter; the others say how many there are and are opened by a click.
OPEN_AT_MOST = 4

_CHANGES: dict[str, Callable[..., object]] = {
    "pause": actions.pause_session,
    "resume": actions.resume_session,
    "retry": actions.retry_session,
    "again": actions.regenerate_outdated,
}


@dataclass(frozen=True)
class ShownGroup:
    """Fifty chapters of a long book, ready for the page. `rows` are its chapters, or what asks for them when opened."""

    number: int
    is_open: bool
    summary: SafeString
    rows: SafeString


@login_required
@require_safe
def board(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the session as it is, and keep the page up to date through its socket."""
    session = session_of_version_or_404(request, book_id, number)
    shown = read_board(session)
    board_view = BoardView.of(request.GET.get("view", ""), request.GET.get("show", ""), len(shown.cards))
    pieces = parts_of(shown, board_view, count_waiting(session))
    parts = {name: piece.render() for name, piece in pieces.items()}
    texts = read_previews(session.pk) if shown.counts[DisplayStatus.IN_PROGRESS] else {}
    cards = [] if shown.is_large else [render_card(card, board_view.view) for card in shown.cards.values()]
    context = {
        "section": "books",
        "version": session.version,
        "board": shown,
        "board_view": board_view,
        "shown": f"&show={board_view.show}" if board_view.show else "",
        "nothing": summary.nothing_line(board_view.show),
        "page_title": page_title(session, signal_of(shown)).removesuffix(" · ChapterFlow"),
        "signal": signal_of(shown),
        "socket": f"/ws/sessions/{session.pk}/?{urlencode({'since': shown.seq, **board_view._asdict()})}",
        "news": f"{reverse('session_news', args=[session.pk])}?{urlencode(board_view._asdict())}",
        "workers": notice_for(session, request.user),
        "now": Moment.at(timezone.now()),
        "seq": render_seq(shown),
        "parts": {name.removeprefix("board-"): html for name, html in parts.items()},
        "needs": parts["lane-needs"],
        "now_written": render_now(shown, texts),
        "leaves": [html for name, html in parts.items() if name.startswith("leaf-")],
        "tiles": [html for name, html in parts.items() if name.startswith("tile-")],
        "groups": list(_groups(shown, board_view, parts, _asked_group(request))),
        "group_size": str(GROUP),
        "list_style": "rows rows--alone" if board_view.view == COMPACT else "chapters",
        "cards": cards,
    }
    return render(request, "workflow/board.html", context)


def _groups(
    shown: Board, board_view: BoardView, parts: dict[str, SafeString], asked: int
) -> Iterator[ShownGroup]:
    """Yield the groups of a long book, without the chapters of those that are closed.

    Open are the one that is asked for, else the one where somebody would look first; under a filter, the first few
    that have something to show.
    """
    if not shown.is_large:
        return
    first = shown.first(DisplayStatus.IN_PROGRESS) or shown.first(DisplayStatus.FAILED)
    matching = [g.number for g in shown.groups if any(card.look == board_view.show for card in g.cards)]
    is_open = {asked} if 0 < asked <= len(shown.groups) else set(matching[:OPEN_AT_MOST])
    if not is_open and not board_view.show:
        is_open = {group.number for group in shown.groups if first in group.cards}
    place = {"book_id": shown.session.version.book.book_id, "number": shown.session.version.number}
    page = reverse("board", kwargs=place)
    for group in shown.groups:
        url = reverse("board_group", kwargs={**place, "group": group.number})
        asks = f"{page}?{urlencode({**board_view._asdict(), 'group': group.number})}"
        is_read = group.number in is_open
        yield ShownGroup(
            number=group.number,
            is_open=is_read,
            summary=parts[f"group-{group.number}-summary"],
            rows=render_group(shown, group.number, board_view.view, f"{url}?view={board_view.view}")
            if is_read
            else render_unread_group(group.number, f"{url}?view={board_view.view}", asks),
        )


def _asked_group(request: HttpRequest) -> int:
    """Return the number of the group that is asked for, by itself or by a chapter of it; 0 for none."""
    group, chapter = request.GET.get("group", ""), request.GET.get("chapter", "")
    if _is_number(group):
        return int(group)
    return (int(chapter) + GROUP - 1) // GROUP if _is_number(chapter) else 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9


@login_required
@require_safe
def board_group(request: HttpRequest, book_id: str, number: int, group: int) -> HttpResponse:
    """Return the chapters of one group of a long book, as they are when it is opened."""
    session = session_of_version_or_404(request, book_id, number)
    shown = read_board(session)
    if not 0 < group <= len(shown.groups):
        raise Http404
    board_view = BoardView.of(request.GET.get("view", ""), "", len(shown.cards))
    return HttpResponse(render_group(shown, group, board_view.view, request.get_full_path()))


@login_required
@require_safe
def activity(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show all that happened, newest first, by pages."""
    session = session_of_version_or_404(request, book_id, number)
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
def session_change(request: HttpRequest, session_id: UUID, change: str) -> HttpResponse:
    """Do one of the actions that need nothing but the session."""
    session = session_or_404(request, session_id)
    _CHANGES[change](session, actor=person_of(request))
    return back_to_board(request, session)


@login_required
@require_POST
def session_budget(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Raise the budget; a session that was paused for it goes on."""
    session = session_or_404(request, session_id)
    limits = read_limits(request.POST.get("budget_dollars", ""), request.POST.get("budget_tokens", ""))
    actions.raise_budget(session, limits, actor=person_of(request))
    return back_to_board(request, session)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_cancel(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask, then cancel."""
    session = session_or_404(request, session_id)
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
    session = session_or_404(request, session_id)
    item = get_object_or_404(session.items.all(), number=chapter)
    # The board's one form holds a choice for each failed chapter.
    writer = request.POST.get("writer") or request.POST.get(f"writer-{chapter}")
    actions.retry_chapter(item, actor=person_of(request), writer=writer or None)
    return back_to_board(request, session)
