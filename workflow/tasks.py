"""Holds the tasks that django-q2 runs. Each may come twice, late or never, returns nothing and raises nothing.

Their dotted paths are stored in rows of the queue and of its schedule: the module and the functions keep their names.
"""

import logging
import os
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error as AnyDatabaseError

from chapterflow_site.core.clock import ClockWatch

from . import queue
from .engine import ChapterPool, advance
from .workers import recovery

logger = logging.getLogger(__name__)

_clock_watch = ClockWatch()


class _Here:
    """This process's pool; None in all processes but workers that have taken a task."""

    pool: ChapterPool | None = None


def advance_session(session_id: str) -> None:
    """Drive one session on; a worker carries the chapters that wait for a model in its pool."""
    advance(UUID(session_id), _pool() if settings.IS_WORKER else None)


def _pool() -> ChapterPool:
    # Made at the first task: a cluster forks its workers, and threads do not survive a fork.
    if _Here.pool is None:
        _Here.pool = ChapterPool(max(1, settings.CHAPTERFLOW_CHAPTERS_PER_WORKER), queue.leave)
    if _Here.pool.is_stuck():
        logger.critical("what is being written has not been looked at for minutes; this worker ends")
        # Its leases are over; the cluster starts another worker.
        os._exit(1)
    return _Here.pool


def tend() -> None:
    """Recover all sessions once a minute, as `recovery.recover`, where no pacemaker runs.

    A lease must be over for twice its length, because an outage is no lost worker. Where a clock was set forward since
    this worker's last look, leases are left to the next minute.
    """
    grace = timedelta(seconds=settings.CHAPTERFLOW_LEASE_SECONDS)
    try:
        is_steady = _clock_watch.skipped() <= 0
        recovery.recover(grace if is_steady else None, _clock_watch.looked_at)
    except AnyDatabaseError:
        logger.exception("sessions could not be looked after; the next minute tries again")


def sing(number: int) -> None:
    """Do nothing: that health probe `number` came through the cluster is its answer."""


def recover_dead_workers() -> None:
    """Take back what workers that are known to be dead still hold."""
    try:
        # Begin to measure the clock here: a change of it before this worker started says nothing of its leases.
        _clock_watch.skipped()
        recovery.reclaim_from_dead()
    except AnyDatabaseError:
        logger.exception("a new worker could not look for what a dead one left behind")
