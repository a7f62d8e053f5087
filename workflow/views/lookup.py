"""Finds the session that a page is about, as far as the person may see it, and leads back to its board."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from books.access import is_htmx
from workflow.models import ProcessingSession


def session_or_404(request: HttpRequest, session_id: UUID) -> ProcessingSession:
    """Return the session with its version and book."""
    sessions = ProcessingSession.objects.visible_to(request.user).select_related("version__book")
    return get_object_or_404(sessions, pk=session_id)


def session_of_version_or_404(request: HttpRequest, book_id: str, number: int) -> ProcessingSession:
    """Return the session that writes this version, with version and book."""
    sessions = ProcessingSession.objects.visible_to(request.user).select_related("version__book")
    return get_object_or_404(sessions, version__book__book_id=book_id, version__number=number)


def back_to_board(request: HttpRequest, session: ProcessingSession) -> HttpResponse:
    """The socket brings the change to a page with scripts; any other goes back to the board."""
    if is_htmx(request):
        return HttpResponse(status=204)
    return redirect("board", session.version.book.book_id, session.version.number)
