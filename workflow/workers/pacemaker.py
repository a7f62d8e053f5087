"""Recovers lost claims, wakes sessions with work due and watches the workers, once a second."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection

from chapterflow_site.core.clock import ClockWatch

from . import clock_repair, recovery
from .watchdog import Watchdog

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
# A tick that takes longer was kept waiting, by a locked database most likely.
LONG_SECONDS = 5.0


class Pacemaker:
    """Ticks once a second until told to stop.

    At its start, after an outage of the database or a long lock on it, and after the machine was suspended or its clock
    was set, no lease counts as expired for one lease length: healthy workers could not renew theirs.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._clock_watch = ClockWatch(clock)
        self._watchdog = Watchdog(clock)
        self._has_kept_lengths = False
        self._trust_later()

    def run(self, should_stop: Callable[[], bool], sleep: Callable[[float], object] = time.sleep) -> None:
        """Tick until `should_stop`."""
        while not should_stop():
            self.tick()
            sleep(TICK_SECONDS)

    def tick(self) -> None:
        """Recover all sessions once and watch the workers. Raises nothing: the next tick tries again."""
        began = self._clock()
        try:
            self._look_at_clock()
            grace = timedelta(0) if self._clock() >= self._trust_leases_from else None
            recovery.recover(grace, self._clock_watch.looked_at)
            self._watchdog.tick()
        except AnyDatabaseError as error:
            logger.warning("the database does not answer: %s", error)
            self._trust_later()
            connection.close()
        except Exception:
            logger.exception("a tick of the pacemaker broke; the next one tries again")
        # Whatever kept this tick waiting kept the workers' renewals waiting too.
        took = self._clock() - began
        if took > LONG_SECONDS:
            logger.warning("the database kept us waiting for %.0f s; leases get one more length", took)
            self._trust_later()

    def _trust_later(self) -> None:
        self._trust_leases_from = self._clock() + settings.CHAPTERFLOW_LEASE_SECONDS
        self._watchdog.excuse()

    def _look_at_clock(self) -> None:
        """Trust no lease for a while where the clock ran ahead; repair waits where it was set back."""
        skipped = self._clock_watch.skipped()
        if skipped > 0:
            logger.warning("%.0f s were slept over; leases get one more length", skipped)
            self._trust_later()
        if skipped < 0:
            self._has_kept_lengths = False
        if not self._has_kept_lengths:
            # Also at the first tick: the clock may have been set back while no pacemaker ran.
            clock_repair.keep_lengths()
            self._has_kept_lengths = True
