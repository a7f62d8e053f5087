"""The pacemaker: a tick a second, it takes back what lost workers hold and wakes sessions whose time has come."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection

from . import recovery

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0


class Pacemaker:
    """Ticks until told to stop. After an outage, and at its start, leases get one more length before they are lost."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._trust_leases_from = clock() + settings.CHAPTERFLOW_LEASE_SECONDS

    def run(self, should_stop: Callable[[], bool], sleep: Callable[[float], object] = time.sleep) -> None:
        """Tick until `should_stop`."""
        while not should_stop():
            self.tick()
            sleep(TICK_SECONDS)

    def tick(self) -> None:
        """Look after all sessions once; an outage of the database is waited out."""
        try:
            recovery.take_back_from_dead()
            if self._clock() >= self._trust_leases_from:
                recovery.take_back_expired(timedelta(0))
            recovery.wake_due()
        except AnyDatabaseError as error:
            logger.warning("the database does not answer: %s", error)
            self._trust_leases_from = self._clock() + settings.CHAPTERFLOW_LEASE_SECONDS
            connection.close()
        except Exception:
            logger.exception("a tick of the pacemaker broke; the next one tries again")
