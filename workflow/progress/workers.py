"""Says, for a session that waits for a worker, what the workers do, or how to start some; reads only."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from books.models import Book
from workflow.contract.states import UNFINISHED, ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.processes import worker_registry

COMMAND = "python manage.py work"
# Something that a free worker takes is taken within a second or two: before that there is nothing to tell.
GRACE = timedelta(seconds=3)
NAMED_AT_MOST = 3
_KEPT_SECONDS = 1.0


@dataclass(frozen=True)
class WorkersNotice:
    """Why nothing of a book is being written. `command` starts workers; "" where this person does not start them."""

    heading: str
    text: str
    command: str = ""


def notice_for(session: ProcessingSession, user: User | AnonymousUser) -> WorkersNotice | None:
    """Return what to tell `user`, who may see the session; None where it does not wait for a worker."""
    return notices_for([session.pk], user).get(session.pk)


def notices_for(session_ids: Collection[UUID], user: User | AnonymousUser) -> dict[UUID, WorkersNotice]:
    """Return what to tell `user` of those of these sessions that wait for a worker.

    One query where none waits; at most five more where some do.
    """
    waiting_ids = waiting_among(session_ids)
    if not waiting_ids:
        return {}
    living = _living(int(time.monotonic() / _KEPT_SECONDS))
    busy = _busy()
    workers = {owner for owner, _ in busy}
    if not workers and not living:
        return dict.fromkeys(waiting_ids, _none_running(user))
    if len(workers) < living:
        return {}
    titles = _titles({pk for _, pk in busy}, user)
    others = _waiting().count() - 1
    notice = _all_busy(len(workers), titles, others)
    return dict.fromkeys(waiting_ids, notice)


def waiting_among(session_ids: Collection[UUID]) -> list[UUID]:
    """Return those of these sessions that wait for a worker."""
    return list(_waiting().filter(pk__in=session_ids).values_list("pk", flat=True)) if session_ids else []


@lru_cache(maxsize=1)
def _living(moment: int) -> int:
    """Return how many workers live on this machine; looked up once a `moment`."""
    return worker_registry.living_here()


def _waiting() -> QuerySet[ProcessingSession]:
    """Return the sessions for which a free worker would do something now, and none does."""
    items = ChapterWorkflowItem.objects.filter(session=OuterRef("pk"))
    ready = items.startable().filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=timezone.now()))
    due = Q(next_attempt_at=None) | Q(next_attempt_at__lte=timezone.now())
    writes = Q(status__in=[SessionStatus.INITIALIZED, SessionStatus.PROCESSING]) & Exists(ready)
    compares = Q(status=SessionStatus.HARMONIZING) & due
    return ProcessingSession.objects.filter(
        writes | compares,
        ~Exists(items.filter(status=ItemStatus.IN_PROGRESS)),
        token=None,
        paused_at=None,
        held_back_at=None,
        updated_at__lt=timezone.now() - GRACE,
    ).order_by()


def _busy() -> list[tuple[str, UUID]]:
    """Return (worker, session) of everything that is being done with a lease that holds."""
    now = timezone.now()
    chapters = ChapterWorkflowItem.objects.filter(status=ItemStatus.IN_PROGRESS, lease_expires_at__gt=now)
    phases = ProcessingSession.objects.filter(
        status__in=UNFINISHED, token__isnull=False, lease_expires_at__gt=now
    )
    return [
        *chapters.order_by().values_list("owner", "session_id"),
        *phases.order_by().values_list("owner", "pk"),
    ]


def _titles(session_ids: Collection[UUID], user: User | AnonymousUser) -> list[str]:
    """Return the titles of these sessions' books that `user` may see, and in words how many others there are."""
    own = Book.objects.visible_to(user).filter(versions__session__in=session_ids)
    titles = [f"“{title}”" for title in own.order_by("title").values_list("title", flat=True)]
    named = titles[:NAMED_AT_MOST]
    others = len(session_ids) - len(named)
    shown = list(dict.fromkeys(named))
    if others:
        shown.append("another book" if others == 1 else f"{others:,} other books")
    return shown


def _all_busy(workers: int, titles: Sequence[str], others: int) -> WorkersNotice:
    of = f"{workers:,} of {workers:,} workers write" if workers > 1 else "The one worker writes"
    turn = "this book is next"
    if others > 0:
        turn = ngettext("this book and %s more wait", "this book and %s more wait", others) % f"{others:,}"
    return WorkersNotice("Waiting for a worker", f"{of} {_joined(titles)}; {turn}.")


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _none_running(user: User | AnonymousUser) -> WorkersNotice:
    heading = "No worker is running"
    if user.is_staff:
        return WorkersNotice(heading, "Chapters are written by workers. Start them on the server:", COMMAND)
    names = _joined(list(_caretakers()))
    whom = names or "whoever looks after this installation"
    return WorkersNotice(
        heading, f"Chapters are written by workers. Ask {whom} to start them; nothing is lost."
    )


def _caretakers() -> Iterator[str]:
    """Yield the names of those who look after the installation."""
    people = get_user_model().objects.filter(is_active=True, is_superuser=True).order_by("pk")
    for person in people[:2]:
        yield person.get_full_name() or person.get_username()
