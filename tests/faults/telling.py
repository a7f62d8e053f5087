"""What the stories are made of: workers and pacemaker at once, a person's steps taken once, books to begin with."""

from collections.abc import Callable

from django.conf import settings

from books.models import BookVersion
from workflow.actions import start_session
from workflow.contract.events import EventKind
from workflow.engine import advance, retry_policy
from workflow.engine.budget.limits import Limits
from workflow.engine.phases import ending
from workflow.engine.runs import attempts, checkpoints, keeper
from workflow.models import Event, ProcessingSession
from workflow.processes import stopping
from workflow.workers import clock_repair, recovery

from .tellers import MODEL, POLITE, STORY, TROUBLED, UNDECIDED, happened

PATIENT_DRIVES = 30


def prepare() -> None:
    """Let everything happen at once: no waiting between tries, small batches, a checkpoint at every look."""
    settings.CHAPTERFLOW_WRITERS = [STORY, TROUBLED, UNDECIDED, POLITE, MODEL]
    settings.CHAPTERFLOW_LEASE_SECONDS = 0.3
    checkpoints.CHECKPOINT_SECONDS = 0.0
    stopping.GRACE_SECONDS = 0.0
    keeper.CHECK_SECONDS = attempts.TICK_SECONDS = 0.05
    ending.CHAPTERS_PER_BATCH = 1
    ending.COMPLETED_PER_BATCH = 2
    no_wait = retry_policy.timedelta(0)
    retry_policy.wait_before_next = lambda attempt, retry_after: no_wait


def drive(session: ProcessingSession) -> None:
    """Do what pacemaker and workers do until nothing happens any more."""
    for _ in range(PATIENT_DRIVES):
        before = Event.objects.count()
        clock_repair.keep_lengths()
        recovery.reclaim_from_dead()
        recovery.forget_wake_ups()
        recovery.wake_due()
        advance(session.pk)
        stopping.reset()
        if Event.objects.count() == before:
            return
    raise AssertionError("the session never came to rest")


def once(kind: EventKind, step: Callable[[], object], **what: object) -> None:
    """Take a person's step, unless the events tell that it was taken."""
    if not happened(kind, **what):
        step()


def started(chapters: int, writer: str, limits: Limits | None = None) -> ProcessingSession:
    session, _ = start_session(version_of(chapters), actor=None, writer=writer, limits=limits)
    return session


def version_of(chapters: int) -> BookVersion:
    [version] = [each for each in BookVersion.objects.all() if each.nodes.count() == chapters]
    return version
