"""The database's clock: the only one that leases and due times are measured by, so that machines need not agree."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

CLOCKS_DIFFER_SECONDS = 5.0


def database_now() -> datetime:
    """Return the database's time, aware, in UTC."""
    if connection.vendor == "sqlite":
        # The file is on this machine, and its clock is this process's.
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(UTC)


class ClockWatch:
    """Compares the database's clock with this process's own, which only measures how much time goes by.

    `looked_at` is the database's time at the last look, None before the first.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: tuple[float, datetime] | None = None

    @property
    def looked_at(self) -> datetime | None:
        return self._last[1] if self._last else None

    def skipped(self) -> float:
        """Return how many seconds the database's clock has skipped since the last look: it was set, or we slept.

        Less than 0 where it was set back; 0 where it went as this process's own, within five seconds, and at the
        first look.
        """
        before, self._last = self._last, (self._clock(), database_now())
        if before is None:
            return 0.0
        here, there = self._last[0] - before[0], (self._last[1] - before[1]).total_seconds()
        return there - here if abs(there - here) > CLOCKS_DIFFER_SECONDS else 0.0
