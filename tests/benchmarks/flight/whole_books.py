"""Books that are written from their start to their end: chains of dependent chapters, and chapters all at once."""

import time
from collections.abc import Iterator

from tests.benchmarks.tables import table

from .meter import Meter
from .results import HEAD, Flight, flight_of
from .work import Plan, flying, start_all, upload, wait_for_end


def chains(plan: Plan) -> Iterator[str]:
    """Write books whose chapters depend on each other, all books side by side."""
    yield table(HEAD, [flown(plan, "sequential", plan.chapters * plan.seconds).row])


def graph(plan: Plan) -> Iterator[str]:
    """Write books whose chapters do not depend on each other."""
    yield table(HEAD, [flown(plan, "graph", plan.seconds).row])


def flown(plan: Plan, dependencies: str, ideal: float) -> Flight:
    """Upload, start, wait, measure."""
    with flying(plan) as (site, model):
        books = [upload(site, f"b{number}", plan.chapters) for number in range(plan.books)]
        assert site.process is not None
        with Meter(site.process.pid) as meter:
            began = time.time()
            start_all(site, books, dependencies)
            is_over = wait_for_end(site, plan.limit)
            return flight_of(
                f"ChapterFlow, {plan.database}, {plan.workers} workers", site, model, meter,
                began=began, ideal=ideal, total=plan.total, is_over=is_over,
            )  # fmt: skip
