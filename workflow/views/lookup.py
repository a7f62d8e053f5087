"""Finds the sessions that a page may be about, and leads back to their boards."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from books.access import is_htmx
from workflow.models import ProcessingSession
from workflow.models.session import SessionQuerySet


def sessions_of(request: HttpRequest) -> SessionQuerySet:
    """Return the sessions that the person may see, with version and book."""
    return ProcessingSession.objects.visible_to(request.user).select_related("version__book")


def back_to_board(request: HttpRequest, session: ProcessingSession) -> HttpResponse:
    """The socket brings the change to a page with scripts; any other goes back to the board."""
    if is_htmx(request):
        return HttpResponse(status=204)
    return redirect("board", session.version.book.book_id, session.version.number)
