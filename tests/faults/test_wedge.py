"""A cluster whose idle worker hangs takes nothing any more: it is noticed, and replaced without loss."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import assert_complete_and_once
from tests.installation import Installation, children_of, is_alive, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.faults
# As short as a busy machine bears; the defaults are 15 and 45 s.
QUICK = {"CHAPTERFLOW_CANARY_SECONDS": "1", "CHAPTERFLOW_WEDGED_SECONDS": "5"}
REPLACED = "others are started in their place"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    """An installation with two workers that is watched closely."""
    with Installation(tmp_path, **QUICK) as installation:
        yield installation


def workers_of(site: Installation) -> list[int]:
    sentinel = children_of(site.processes()[2])[0]
    return children_of(sentinel)[:2]


def write_one(site: Installation) -> None:
    """Let the cluster show that it works, so that its workers wait for the queue afterwards."""
    session = site.start_book(storyline(1))
    wait_for(lambda: site.status(session) == "completed", 60)


def seconds_of_a_book_after(site: Installation, number: int) -> float:
    """Send both idle workers the signal; return how long a new book takes, which must be written whole."""
    write_one(site)
    for worker in workers_of(site):
        os.kill(worker, number)
    session = site.start_book(storyline(3))
    took = wait_for(lambda: site.status(session) == "completed", 60)
    assert_complete_and_once(site, session, 3)
    return took


def test_idle_workers_that_are_killed_take_no_lock_along(site: Installation) -> None:
    took = seconds_of_a_book_after(site, signal.SIGKILL)

    print(f"\nkill -9 of both idle workers → a new book is completed: {took:.1f} s")
    assert REPLACED not in site.log.read_text()


def test_wedged_cluster_is_replaced_and_books_go_on(site: Installation) -> None:
    took = seconds_of_a_book_after(site, signal.SIGSTOP)

    print(f"\nboth idle workers hang → a new book is completed: {took:.1f} s (5 s are waited)")
    assert REPLACED in site.log.read_text()


def test_chapter_that_the_wedged_cluster_writes_is_written_to_its_end(site: Installation) -> None:
    write_one(site)
    long = site.start_book(storyline(1), writer="python:tests.writers:dictating")
    wait_for(lambda: site.busy_worker() is not None)
    writing = site.busy_worker()
    assert writing is not None
    (idle,) = set(workers_of(site)) - {writing}
    os.kill(idle, signal.SIGSTOP)

    other = site.start_book(storyline(2))
    took = wait_for(lambda: site.status(other) == "completed", 60)
    is_still_writing = is_alive(writing)
    (site.control / "done").touch()
    wait_for(lambda: site.status(long) == "completed", 60)
    gone = wait_for(lambda: not is_alive(writing), 20)

    print(
        f"\nthe idle worker hangs → another book is completed: {took:.1f} s; old group gone {gone:.1f} s later"
    )
    assert is_still_writing
    assert REPLACED in site.log.read_text()
    assert_complete_and_once(site, other, 2)
    assert site.rows("SELECT id FROM workflow_attempt WHERE outcome = 'lost'") == []


def test_long_chapters_on_every_worker_are_no_wedge(site: Installation) -> None:
    sessions = [
        site.start_book(storyline(1), writer="python:tests.writers:dictating"),
        site.start_book(storyline(1), writer="python:tests.writers:dictating"),
    ]
    wait_for(lambda: all(site.statuses(session) == ["in_progress"] for session in sessions))
    waiting = site.start_book(storyline(1))

    # Longer than a wedge needs: what is shown is that nothing happens.
    time.sleep(10)
    statuses = [site.status(session) for session in (*sessions, waiting)]
    (site.control / "done").touch()
    wait_for(lambda: all(site.status(each) == "completed" for each in (*sessions, waiting)), 60)

    assert statuses[:2] == ["processing", "processing"]
    assert REPLACED not in site.log.read_text()
