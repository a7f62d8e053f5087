"""Estimates how long the rest of the writing takes from how long the written chapters took."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, stdev

from django.utils.translation import ngettext

from workflow.contract.states import WRITTEN, ItemStatus

from .rows import Row

MEASURED_AT_MOST = 200
MEASURED_AT_LEAST = 2


@dataclass(frozen=True)
class Estimate:
    """The rest in seconds, give or take `margin` seconds, from `measured` chapters."""

    seconds: float
    margin: float
    measured: int

    def __str__(self) -> str:
        took = ngettext("%s chapter", "%s chapters", self.measured) % f"{self.measured:,}"
        if self.seconds < 60:
            return f"Less than a minute left (measured on {took})"
        unit = 3600 if self.seconds >= 1.75 * 3600 else 60
        margin = f", give or take {_margin(self.margin, unit)}" if self.margin >= 30 else ""
        return f"About {_spell(self.seconds, unit)} left{margin} (measured on {took})"


def estimate_rest(rows: Sequence[Row], remaining: int, parallel: int) -> Estimate | None:
    """Estimate the time for `remaining` chapters of which `parallel` may run at once; None before two are written.

    How many do run at once is measured: a provider's limit or the workers may allow fewer than `parallel`.
    The margin is one standard error of the sum of `remaining` times, each like the measured ones.
    """
    measured = [row for row in rows if row.status in WRITTEN and row.started_at and row.finished_at]
    if remaining <= 0 or len(measured) < MEASURED_AT_LEAST:
        return None
    newest = sorted(measured, key=_finished)[-MEASURED_AT_MOST:]
    times = [max(0.0, (_finished(row) - _started(row)).total_seconds()) for row in newest]
    running = [row for row in rows if row.status == ItemStatus.IN_PROGRESS and row.started_at]
    lanes = _lanes(newest, running, min(parallel, remaining))
    spread = stdev(times) * math.sqrt(remaining + remaining**2 / len(times))
    return Estimate(fmean(times) * remaining / lanes, spread / lanes, len(times))


def remaining_count(rows: Sequence[Row], blocked: int) -> int:
    """Return how many chapters will still be written as things stand."""
    open_ = sum(row.status in {ItemStatus.PENDING, ItemStatus.IN_PROGRESS} for row in rows)
    return open_ - blocked


def _lanes(written: Sequence[Row], running: Sequence[Row], most: int) -> float:
    """Return how many went on at once until the last was written; a pause in between counts as nothing.

    Those that still run count too: of many that were begun together the first two say little.
    """
    begin, end = min(map(_started, written)), _finished(written[-1])
    if begin >= end:
        return 1.0
    spans = [(_started(row), _finished(row)) for row in written]
    spans += [(max(begin, _started(row)), end) for row in running]
    at_once = sum((max(timedelta(0), last - first) for first, last in spans), timedelta(0)) / (end - begin)
    return min(max(1.0, at_once), float(max(1, most)))


def _started(row: Row) -> datetime:
    assert row.started_at is not None
    return row.started_at


def _finished(row: Row) -> datetime:
    assert row.finished_at is not None
    return row.finished_at


def _spell(seconds: float, unit: int) -> str:
    count = max(1, round(seconds / unit))
    if unit == 3600:
        return ngettext("%s hour", "%s hours", count) % count
    return ngettext("%s minute", "%s minutes", count) % count


def _margin(seconds: float, unit: int) -> str:
    if unit == 3600 and seconds < 3600:
        return _spell(seconds, 60)
    return str(max(1, round(seconds / unit)))
