"""What a board lacks, for pages that have no socket: the same pieces that the socket brings."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from workflow.live import swaps
from workflow.live.board_state import BoardState
from workflow.models import ProcessingSession
from workflow.pages.board.markup import BoardView
from workflow.pages.board.preview import read_previews
from workflow.progress.workers import notice_for

from .lookup import session_or_404


@login_required
@require_safe
def session_news(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Send what changed after event `since`; 204 where nothing did."""
    session = session_or_404(request, session_id)
    board_view = BoardView.of(
        request.GET.get("view", ""), request.GET.get("show", ""), session.total_chapters
    )
    asked = request.GET.get("since", "")
    since = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 16 else None
    is_new = since != session.event_seq
    html = _all_after(session, since, board_view) if is_new else _text_so_far(session)
    workers = notice_for(session, request.user)
    if workers or is_new:
        html = render_to_string("workflow/_workers.html", {"workers": workers, "is_oob": True}) + html
    return HttpResponse(html, status=200 if html else 204)


def _all_after(session: ProcessingSession, since: int | None, board_view: BoardView) -> str:
    update = BoardState(session.pk).catch_up(since, board_view)
    return "".join(update.pieces.values()) + update.seq


def _text_so_far(session: ProcessingSession) -> str:
    """Return the text of what is being written; without a change that is all that can be new."""
    return "".join(swaps.preview_pieces(read_previews(session.pk)).values())
