"""What happens around an installation in the middle of a book: its database, its disk and its clock fail."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faults.processes import LONGEST_SECONDS, begin, finish, until_something_happens
from tests.installation import ROOT, Installation, plain, wait_for
from tests.servers import PostgresServer, RedisServer
from tests.storylines import storyline


def database_locked(site: Installation, seconds: float) -> float:
    """Hold SQLite's write lock from another process. Returns the seconds from its release to the next event."""
    session = begin(site)
    with closing(sqlite3.connect(site.data_dir / "chapterflow.sqlite3", timeout=30)) as connection:
        connection.isolation_level = None
        connection.execute("BEGIN IMMEDIATE")
        before = len(site.events(session))
        # Readers go on meanwhile.
        site.call("GET", f"/sessions/{session}")
        time.sleep(seconds)
        assert len(site.events(session)) == before
        connection.execute("ROLLBACK")
    took = until_something_happens(site, session, before)
    finish(site, session)
    assert_nothing_was_lost(site, session)
    return took


def postgres_restarted(site: Installation, server: PostgresServer, seconds: float) -> float:
    """Let PostgreSQL crash, and start it again later. Returns the seconds from its start to the next event."""
    session = begin(site)
    before = len(site.events(session))
    server.stop("immediate")
    time.sleep(seconds)
    server.start()
    took = until_something_happens(site, session, before)
    finish(site, session)
    assert_nothing_was_lost(site, session)
    return took


def redis_forgets(site: Installation, server: RedisServer) -> float:
    """Kill the queue's Redis, which keeps nothing, while wake-ups wait there; start it again.

    Returns the seconds from its start until the last of the books that were not begun is.
    """
    busy = [
        site.start_book(storyline(1), writer="python:tests.writers:dictating") for _ in range(site.workers)
    ]
    wait_for(lambda: all(site.statuses(session) == ["in_progress"] for session in busy))
    # The first are in the memory of the workers' pusher already.
    waiting = [site.start_book(storyline(1)) for _ in range(4)]
    server.kill()
    server.start()
    (site.control / "done").touch()
    took = wait_for(
        lambda: all(site.status(session) != "initialized" for session in waiting), LONGEST_SECONDS, 0.05
    )
    for session in (*busy, *waiting):
        finish(site, session, 1)
    (site.control / "done").unlink()
    return took


def disk_filled(site: Installation, seconds: float) -> float:
    """Fill the disk of the data directory to its last block, and make room later.

    Returns the seconds from then to the next event. The person is told meanwhile, and nothing is lost or corrupt.
    """
    session = begin(site)
    before = len(site.events(session))
    filler = site.data_dir / "filler"
    fill(filler)
    told = [line for line in refusal_of(site).splitlines() if line]
    wait_for(lambda: "disk is full" in site.log.read_text(), LONGEST_SECONDS)
    time.sleep(seconds)
    assert site.status(session) == "processing"
    filler.unlink()
    took = until_something_happens(site, session, before)
    finish(site, session)
    assert_nothing_was_lost(site, session)
    assert site.rows("PRAGMA integrity_check") == [("ok",)]
    assert any("disk" in line.lower() for line in told), told
    return took


def fill(path: Path) -> None:
    """Write until there is no room for one byte more."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def refusal_of(site: Installation) -> str:
    """Return what the API says to somebody who wants to store something."""
    try:
        site.call("POST", "/books", {"title": "No room"})
    except AssertionError as refused:
        return str(refused)
    return "stored"


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of that size in memory; PermissionError where this process may not."""
    folder.mkdir(exist_ok=True)
    size = f"size={megabytes}m,mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Clock:
    """A wall clock that all processes of an installation share, and that can be set; waits are not touched by it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.set(timedelta(0))
        path = os.pathsep.join([str(Path(__file__).parent / "clock"), str(ROOT)])
        self.environment = {"CHAPTERFLOW_TEST_CLOCK": str(self._file), "PYTHONPATH": path}

    def set(self, ahead: timedelta) -> None:
        """Let it be so far ahead of the machine's."""
        new = self._file.with_suffix(".new")
        new.write_text(str(ahead.total_seconds()))
        new.replace(self._file)


def clock_moved(site: Installation, clock: Clock, ahead: timedelta) -> float:
    """Set the clock in the middle of a chapter. Returns the seconds until the next event; no chapter is lost by it."""
    session = begin(site)
    before = len(site.events(session))
    clock.set(ahead)
    took = until_something_happens(site, session, before)
    finish(site, session)
    assert_nothing_was_lost(site, session)
    assert abs(newest_of(site, session) - (datetime.now(UTC) + ahead)) < timedelta(minutes=1)
    return took


def clock_moved_while_a_worker_is_lost(site: Installation, clock: Clock, ahead: timedelta) -> float:
    """The same, and the worker is killed at once: its chapter must not wait for the clock. Returns the seconds."""
    session = begin(site)
    before = len(site.events(session))
    victim = site.busy_worker()
    assert victim is not None
    clock.set(ahead)
    os.kill(victim, signal.SIGKILL)
    took = until_something_happens(site, session, before)
    finish(site, session)
    return took


def clock_set_back_while_a_chapter_waits(site: Installation, clock: Clock, back: timedelta) -> float:
    """Set the clock back after a failure that is tried again in 2 s. Returns the seconds until it is."""
    fault = site.control / "fail-1"
    fault.touch()
    session = site.start_book(storyline(1), writer="python:tests.writers:failing")
    waiting = (
        "SELECT 1 FROM workflow_chapterworkflowitem WHERE session_id = ? AND next_attempt_at IS NOT NULL"
    )
    wait_for(lambda: site.rows(waiting, (plain(session),)))
    fault.unlink()
    clock.set(-back)
    took = wait_for(lambda: site.status(session) == "completed", LONGEST_SECONDS)
    clock.set(timedelta(0))
    return took


def assert_nothing_was_lost(site: Installation, session: str) -> None:
    """No attempt failed, and no worker was taken for lost: whoever wrote has stored what was written."""
    outcomes = site.rows("SELECT outcome FROM workflow_attempt WHERE session_id = ?", (plain(session),))
    assert {outcome for (outcome,) in outcomes} == {"succeeded"}, outcomes


def newest_of(site: Installation, session: str) -> datetime:
    """Return when the session was completed, by the clock of its installation."""
    [completed] = site.times(session, "session_completed")
    return completed if completed.tzinfo else completed.replace(tzinfo=UTC)
