"""Work that waits: as steps, so that one thread can carry much of it, or alone, in a thread that waits with it.

Steps are a generator that yields for how many seconds at most it has nothing to do, and returns its result.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from django.db import Error as AnyDatabaseError
from django.db import InterfaceError, InternalError, OperationalError, connection

from workflow.engine.claims import Claim
from workflow.transitions import LostRace

from .leases import renew

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Steps = Generator[float, None, Result]

# A finished chapter has cost minutes and money: it is kept in memory for as long as an outage may reasonably take.
KEEP_TRYING_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 5.0
# What a database raises that is locked, away or read-only for the moment. All other errors are faults of ours.
AWAY = (OperationalError, InterfaceError, InternalError)


def run_alone(steps: Steps[Result], news: threading.Event | None = None) -> Result:
    """Run all steps in this thread and return their result; `news` ends a wait early."""
    news = news or threading.Event()
    while True:
        try:
            seconds = next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result
        news.wait(seconds)
        news.clear()


def until_stored(claim: Claim, store: Callable[[], Result]) -> Result | None:
    """Do as `stored`, in this thread."""
    return run_alone(stored(claim, store, lambda: _renew_quietly(claim)))


def until_answered(claim: Claim, work: Callable[[], Result]) -> Result:
    """Do as `answered`, in this thread."""
    return run_alone(answered(claim, work, lambda: _renew_quietly(claim)))


def stored(claim: Claim, store: Callable[[], Result], keep: Callable[[], object]) -> Steps[Result | None]:
    """Store until the database answers; return what `store` returns, None where the claim is lost.

    `store` may run again although it was stored, where the connection broke at the commit: its transaction then finds
    the claim gone, and stores nothing twice.
    """
    try:
        return (yield from answered(claim, store, keep))
    except LostRace:
        logger.warning("%s: the claim is no longer this worker's; its text stays on the attempt", claim.label)
    except AWAY:
        logger.exception("%s: could not be stored for ten minutes", claim.label)
    return None


def answered(claim: Claim, work: Callable[[], Result], keep: Callable[[], object]) -> Steps[Result]:
    """Run `work` until the database answers. Raises its error after ten minutes.

    `keep` renews the lease between tries.
    """
    deadline = time.monotonic() + KEEP_TRYING_SECONDS
    pause = 0.1
    while True:
        try:
            return work()
        except AWAY as error:
            if time.monotonic() >= deadline:
                raise
            logger.warning("%s: no answer yet, tried again in %.1f s: %s", claim.label, pause, error)
            # Django would go on with the broken connection outside a request.
            connection.close()
        yield from pausing(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        keep()


def pausing(seconds: float) -> Steps[None]:
    """Wait so long, whatever news there is of others meanwhile."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        yield left


def _renew_quietly(claim: Claim) -> None:
    try:
        renew(claim)
    except AnyDatabaseError:
        connection.close()
