"""Who may watch a board: asked when a socket opens, and again and again while it is open."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest
from django.utils.module_loading import import_string

from workflow.models import ProcessingSession


class Ticket(NamedTuple):
    """One person's sign-in (Django's session) looking at one processing session."""

    session_key: str
    user_id: int
    session_id: UUID


def allowed(tickets: Iterable[Ticket]) -> set[Ticket]:
    """Return the tickets that are still good."""
    try:
        return {ticket for ticket in tickets if _is_good(ticket)}
    except DatabaseError:
        connection.close()
        raise


def _is_good(ticket: Ticket) -> bool:
    # Django's own answer to who a request's sign-in belongs to: not ended, not expired, the person active and the
    # password unchanged since.
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(ticket.session_key)
    user = get_user(request)
    if not user.is_authenticated or user.pk != ticket.user_id:
        return False
    return ProcessingSession.objects.visible_to(user).filter(pk=ticket.session_id).exists()
