"""A process that has many chapters in flight is killed: how soon all of them go on elsewhere, and how they end."""

import os
import signal
import time
from collections.abc import Iterator, Mapping

from tests.benchmarks.sites import quantiles
from tests.benchmarks.tables import table
from tests.faults.processes import assert_complete_and_once
from tests.installation import Installation

from .model import ModelProcess
from .results import asked_again
from .work import Plan, chapters_with, events_of, flying, start_all, upload, wait_for_end

STILL_SECONDS = 3.0


def kill(plan: Plan) -> Iterator[str]:
    """Kill the process with the most chapters in flight, once it has as many as asked for, or no more come."""
    with flying(plan) as (site, model):
        books = [upload(site, f"b{number}", plan.chapters) for number in range(plan.books)]
        sessions = start_all(site, books, "graph")
        victim, lost = process_with_most(site, model, plan.in_flight, plan.limit)
        os.kill(victim, signal.SIGKILL)
        killed_at = time.time()
        is_over = wait_for_end(site, plan.limit)
        again = claimed_after(site, killed_at, lost)
        rows = [
            ["chapters in flight in the process that was killed", str(len(lost))],
            ["of these in progress again", str(len(again))],
            *(
                [name, f"{took:.2f} s"]
                for name, took in quantiles(list(again.values()) or [float("inf")]).items()
            ),
            ["all books ended", "yes" if is_over else f"not within {plan.limit:g} s"],
            ["chapters that failed", str(chapters_with(site, "failed"))],
            ["attempts that count as failed", str(len(events_of(site, "attempt_failed")))],
            ["chapters that the model was asked for again", str(asked_again(model))],
        ]
        yield table(("after kill -9", ""), rows)
        for session in sessions:
            assert_complete_and_once(site, session, plan.chapters)
        assert len(again) == len(lost), "some were not claimed again"
        yield f"\nAll {plan.total} chapters were written once; the events have no gap."


def in_flight_by_process(site: Installation) -> Mapping[int, list[object]]:
    """Return the chapters (rows) in progress by the process that holds them."""
    found: dict[int, list[object]] = {}
    query = "SELECT id, owner FROM workflow_chapterworkflowitem WHERE status = 'in_progress'"
    for item, owner in site.rows(query):
        found.setdefault(int(str(owner).split(":")[1]), []).append(item)
    return found


def process_with_most(
    site: Installation, model: ModelProcess, enough: int, seconds: float
) -> tuple[int, list[object]]:
    """Return the process with the most chapters in flight, and these.

    They are as many as are enough, or as many as there are once no more come; and the model has been asked for them.
    """
    until = time.monotonic() + seconds
    most, grew_at = 0, time.monotonic()
    while time.monotonic() < until:
        found = in_flight_by_process(site)
        fullest = max(found, key=lambda pid: len(found[pid]), default=0)
        count = len(found.get(fullest, []))
        if count > most:
            most, grew_at = count, time.monotonic()
        is_still = count == most and time.monotonic() - grew_at > STILL_SECONDS
        if (
            count
            and (count >= enough or is_still)
            and model.count("in_flight") >= sum(map(len, found.values()))
        ):
            return fullest, found[fullest]
        time.sleep(0.05)
    raise AssertionError(f"no chapter was in flight within {seconds} s")


def claimed_after(site: Installation, moment: float, items: list[object]) -> dict[object, float]:
    """Return the seconds from the moment to each chapter's next claim."""
    found: dict[object, float] = {}
    for item, at in events_of(site, "chapter_claimed"):
        if item in items and at > moment:
            found.setdefault(item, at - moment)
    return found
