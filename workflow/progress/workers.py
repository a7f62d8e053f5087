"""Says, for a session that waits for a worker, what the workers do, or how to start some; reads only."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from books.models import Book
from workflow.contract.states import UNFINISHED, ItemStatus, SessionStatus
from workflow.engine.pool import is_for_pool
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.processes import worker_registry

COMMAND = "python manage.py work"
# Something that a free worker takes is taken within a second or two: before that there is nothing to tell.
GRACE = timedelta(seconds=3)
NAMED_AT_MOST = 3
_KEPT_SECONDS = 1.0
# Columns of a chapter that say whether it is for a worker's pool or for its own thread.
_ITS_WRITER = ("writer", "session__writer", "lost_count")


@dataclass(frozen=True)
class WorkersNotice:
    """Why nothing of a book is being written. `command` starts workers; "" where this person does not start them."""

    heading: str
    text: str
    command: str = ""


@dataclass(frozen=True)
class Work:
    """A chapter or a phase that a worker does for a session: in its pool of chapters, or in its own thread."""

    worker: str
    session_id: UUID
    is_in_pool: bool = False


def notice_for(session: ProcessingSession, user: User | AnonymousUser) -> WorkersNotice | None:
    """Return what to tell `user`, who may see the session; None where it does not wait for a worker."""
    return notices_for([session.pk], user).get(session.pk)


def notices_for(session_ids: Collection[UUID], user: User | AnonymousUser) -> dict[UUID, WorkersNotice]:
    """Return what to tell `user` of those of these sessions that wait for a worker.

    One query where none waits; at most six more where some do.
    """
    waiting_ids = waiting_among(session_ids)
    if not waiting_ids:
        return {}
    living = _living(int(time.monotonic() / _KEPT_SECONDS))
    work = _work()
    if not work and not living:
        return dict.fromkeys(waiting_ids, _none_running(user))
    notices: dict[UUID, WorkersNotice] = {}
    for waiting, hindrance in zip(_waiting_by_kind(), (_in_threads(work), _in_pools(work)), strict=True):
        told = waiting.intersection(waiting_ids)
        workers = {each.worker for each in hindrance}
        if told and workers and len(workers) >= living:
            notices |= dict.fromkeys(told, _all_busy(hindrance, user, len(waiting) - 1))
    return notices


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


def _waiting_by_kind() -> tuple[set[UUID], set[UUID]]:
    """Return the waiting sessions that need a worker's own thread, and those that only need a place in a pool."""
    all_waiting = set(_waiting().values_list("pk", flat=True))
    chapters = ChapterWorkflowItem.objects.startable().filter(session__in=all_waiting).order_by()
    for_pool: dict[UUID, bool] = {}
    for pk, *rest in chapters.values_list("session", *_ITS_WRITER).distinct():
        for_pool[pk] = for_pool.get(pk, True) and _is_for_pool(*rest)
    places = {pk for pk, is_pooled in for_pool.items() if is_pooled}
    return all_waiting - places, places


def _is_for_pool(own_writer: str, writer: str, losses: int) -> bool:
    return is_for_pool(own_writer or writer, losses)


def _work() -> list[Work]:
    """Return everything that is being done with a lease that holds."""
    now = timezone.now()
    chapters = ChapterWorkflowItem.objects.filter(status=ItemStatus.IN_PROGRESS, lease_expires_at__gt=now)
    phases = ProcessingSession.objects.filter(
        status__in=UNFINISHED, token__isnull=False, lease_expires_at__gt=now
    )
    return [
        *(
            Work(owner, pk, is_in_pool=_is_for_pool(*rest))
            for owner, pk, *rest in chapters.order_by().values_list("owner", "session_id", *_ITS_WRITER)
        ),
        *(Work(owner, pk) for owner, pk in phases.order_by().values_list("owner", "pk")),
    ]


def _in_threads(work: Sequence[Work]) -> list[Work]:
    """Return what keeps workers from all that needs their own thread, which hands chapters to the pool, too."""
    return [each for each in work if not each.is_in_pool]


def _in_pools(work: Sequence[Work]) -> list[Work]:
    """Return what keeps workers from one more chapter in their pools: a full pool, or a thread that is busy."""
    threads = _in_threads(work)
    busy = {each.worker for each in threads}
    pooled = [each for each in work if each.is_in_pool and each.worker not in busy]
    taken = Counter(each.worker for each in pooled)
    return [*threads, *(each for each in pooled if taken[each.worker] >= _places())]


def _places() -> int:
    return max(1, settings.CHAPTERFLOW_CHAPTERS_PER_WORKER)


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


def _all_busy(hindrance: Sequence[Work], user: User | AnonymousUser, others: int) -> WorkersNotice:
    workers = len({each.worker for each in hindrance})
    titles = _joined(_titles({each.session_id for each in hindrance}, user))
    if all(each.is_in_pool for each in hindrance) and _places() > 1:
        of = f"{workers:,} workers" if workers > 1 else "the one worker"
        busy = f"All {len(hindrance):,} places of {of} are taken by {titles}"
    else:
        of = f"{workers:,} of {workers:,} workers write" if workers > 1 else "The one worker writes"
        busy = f"{of} {titles}"
    turn = "this book is next"
    if others > 0:
        turn = ngettext("this book and %s more wait", "this book and %s more wait", others) % f"{others:,}"
    return WorkersNotice("Waiting for a worker", f"{busy}; {turn}.")


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
