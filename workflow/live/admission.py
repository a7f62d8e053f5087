"""Decides who may watch a board: for all who come at once, and again every half minute while they watch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest
from django.utils.module_loading import import_string

from workflow.models import ProcessingSession

from .codes import NOT_VISIBLE, SIGNED_OUT


class Ticket(NamedTuple):
    """One sign-in (the key of Django's session) that asks for one processing session."""

    session_key: str
    session_id: UUID


class Admission(NamedTuple):
    """Whose the sign-in is, and how many chapters the processing session has."""

    user_id: int
    chapters: int


def admit(tickets: Iterable[Ticket]) -> dict[Ticket, Admission | int]:
    """Return for each ticket the admission, or the code that its socket is closed with.

    Two queries for each sign-in and one for each person, however many boards they watch. Raises DatabaseError.
    """
    asked = set(tickets)
    try:
        people = {key: _person_of(key) for key in {ticket.session_key for ticket in asked}}
        shown = _chapters_shown(people, asked)
    except DatabaseError:
        # No request ends in this thread, so that nobody else would replace a connection that broke.
        connection.close()
        raise
    return {ticket: _answer(people[ticket.session_key], ticket, shown) for ticket in asked}


def _answer(person: User | None, ticket: Ticket, shown: Mapping[tuple[int, UUID], int]) -> Admission | int:
    if person is None:
        return SIGNED_OUT
    chapters = shown.get((person.pk, ticket.session_id))
    return NOT_VISIBLE if chapters is None else Admission(person.pk, chapters)


def _person_of(session_key: str) -> User | None:
    # Django's own answer to who a request's sign-in belongs to: not ended, not expired, the person active and the
    # password unchanged since.
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    user = get_user(request)
    return user if isinstance(user, User) else None


def _chapters_shown(
    people: Mapping[str, User | None], tickets: Iterable[Ticket]
) -> dict[tuple[int, UUID], int]:
    """Return how many chapters each session has, by the person who may see it."""
    asked: dict[User, set[UUID]] = defaultdict(set)
    for ticket in tickets:
        person = people[ticket.session_key]
        if person is not None:
            asked[person].add(ticket.session_id)
    shown: dict[tuple[int, UUID], int] = {}
    for person, ids in asked.items():
        sessions = ProcessingSession.objects.visible_to(person).filter(pk__in=ids)
        for pk, chapters in sessions.values_list("pk", "total_chapters"):
            shown[person.pk, pk] = chapters
    return shown
