"""Minutes with many chapters in flight all the time: whether memory, open files and threads stay what they are."""

import time
from collections.abc import Iterator
from itertools import count

from tests.benchmarks.tables import table
from tests.installation import Installation

from .meter import Meter, files_and_threads, named, pss_of, tree_of
from .model import ModelProcess
from .results import HEAD, flight_of
from .work import Plan, chapters_with, flying, start_all, upload, wait_for_end

SAMPLE_SECONDS = 30.0
EVERY_SECONDS = 1.0


def soak(plan: Plan) -> Iterator[str]:
    """Start a book whenever fewer than twice as many chapters as shall be in flight are left to write."""
    with flying(plan) as (site, model):
        assert site.process is not None
        with Meter(site.process.pid) as meter:
            began = time.time()
            rows: list[list[str]] = []
            names = count(1)
            total = 0
            while time.time() - began < plan.minutes * 60:
                if chapters_with(site, "pending", "in_progress") < 2 * plan.in_flight:
                    start_all(site, [upload(site, f"b{next(names)}", plan.chapters)], "graph")
                    total += plan.chapters
                    continue
                if time.time() - began >= (len(rows) + 1) * SAMPLE_SECONDS:
                    rows.append(sample(site, model, time.time() - began))
                    yield " | ".join(rows[-1])
                time.sleep(EVERY_SECONDS)
            is_over = wait_for_end(site, plan.limit)
            flight = flight_of(
                f"ChapterFlow, {plan.database}, {plan.workers} workers", site, model, meter,
                began=began, ideal=total * plan.seconds / plan.in_flight, total=total, is_over=is_over,
            )  # fmt: skip
    head = ("after", "in flight", "written", "all, PSS", "processes of the cluster: PSS, files, threads")
    yield "\n" + table(head, rows)
    yield "\n" + table(HEAD, [flight.row])


def sample(site: Installation, model: ModelProcess, after: float) -> list[str]:
    """Return a row of now."""
    assert site.process is not None
    pids = tree_of(site.process.pid)
    workers = [pid for pid, name in named(pids).items() if name == "cluster"]
    each = [f"{pss_of(pid):.0f} MB, {', '.join(map(str, files_and_threads(pid)))}" for pid in workers]
    return [
        f"{after:.0f} s",
        str(model.count("in_flight")),
        str(chapters_with(site, "generated", "harmonized", "completed")),
        f"{sum(map(pss_of, pids)):.0f} MB",
        "; ".join(each),
    ]
