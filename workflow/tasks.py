"""Holds the tasks that django-q2 runs. Each may come twice, late or never, returns nothing and raises nothing.

Their dotted paths are stored in rows of the queue and of its schedule: the module and the functions keep their names.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error as AnyDatabaseError

from chapterflow_site.core.clock import ClockWatch

from .engine import advance
from .workers import recovery

logger = logging.getLogger(__name__)

_clock_watch = ClockWatch()


def advance_session(session_id: str) -> None:
    """Drive one session on."""
    advance(UUID(session_id))


def tend() -> None:
    """Recover all sessions once a minute, as `recovery.recover`, where no pacemaker runs.

    A lease must be over for twice its length, because an outage is no lost worker. Where a clock was set forward since
    this worker's last look, leases are left to the next minute.
    """
    grace = timedelta(seconds=settings.CHAPTERFLOW_LEASE_SECONDS)
    try:
        recovery.recover(grace if _clock_watch.skipped() <= 0 else None)
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
