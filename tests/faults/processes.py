"""The processes of an installation by what they do, and what happens when each is killed in the middle of a book."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.installation import ROOT, Installation, children_of, is_alive, plain, wait_for
from tests.storylines import storyline

SLOW = "python:tests.writers:slow"
CHAPTERS = 3
LONGEST_SECONDS = 90.0


class Workers(Installation):
    """`manage.py work`: workers and pacemaker alone, as on a further machine; books are started by a clerk."""

    _clerk: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until all its processes are there."""
        if not self.data_dir.exists():
            self.command("migrate", "--verbosity", "0")
        self.log.write_text("")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "work", "--workers", str(self.workers)],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: len(self.processes()) == count_of(self), 60)

    def start_book(self, document: bytes, **options: str) -> str:
        """Start a book with as many chapters as the storyline has nodes. Returns the session's id."""
        if self._clerk is None:
            self._clerk = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.clerk"],
                cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self._clerk.stdin is not None
        assert self._clerk.stdout is not None
        chapters = document.count(b'"chunk_ids"')
        self._clerk.stdin.write(f"{chapters} {options.get('writer', 'quotations')}\n")
        self._clerk.stdin.flush()
        return self._clerk.stdout.readline().strip()

    def dismiss_clerk(self) -> None:
        """Let the process that starts books end."""
        if self._clerk is not None:
            self._clerk.communicate(timeout=30)
            self._clerk = None


def count_of(site: Installation) -> int:
    """Return how many processes a healthy installation has.

    Supervisor and pacemaker; the cluster's parent and sentinel, its workers, pusher and monitor; the web server.
    """
    return 6 + site.workers + (not isinstance(site, Workers))


def roles_of(site: Installation) -> Mapping[str, int]:
    """Return the ids of the processes by what they do; the second worker is called idle, the first busy, at first."""
    assert site.process is not None
    found = {"supervisor": site.process.pid}
    for pid in children_of(site.process.pid):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        found["cluster" if b"cluster" in words else "pacemaker" if b"pacemaker" in words else "web"] = pid
    found["sentinel"] = children_of(found["cluster"])[0]
    # A sentinel starts its workers, then the monitor, then the pusher; those that it starts again come last.
    *workers, found["monitor"], found["pusher"] = children_of(found["sentinel"])
    busy = site.busy_worker()
    found["idle worker"] = next(pid for pid in workers if pid != busy)
    return {**found, "busy worker": busy} if busy else found


def is_whole(site: Installation) -> bool:
    """Return whether all processes are there, none of them being started or ended, and the web server answers."""
    return len(site.processes()) == count_of(site) and (isinstance(site, Workers) or is_open(site.port))


def is_open(port: int) -> bool:
    """Return whether somebody listens on the port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def begin(site: Installation, chapters: int = CHAPTERS) -> str:
    """Start a book and wait until its first chapter is being written. Returns its session."""
    wait_for(lambda: is_whole(site), LONGEST_SECONDS)
    session = site.start_book(storyline(chapters), writer=SLOW)
    wait_for(lambda: "in_progress" in site.statuses(session), LONGEST_SECONDS, 0.01)
    return session


def finish(site: Installation, session: str, chapters: int = CHAPTERS) -> None:
    """Wait for the book's end and hold it to the contract."""
    wait_for(lambda: site.status(session) == "completed", LONGEST_SECONDS, 0.05)
    assert_complete_and_once(site, session, chapters)


def assert_complete_and_once(site: Installation, session: str, chapters: int) -> None:
    """Every chapter was written once, and the events have no gap."""
    events = site.events(session)
    assert site.statuses(session) == ["completed"] * chapters
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    written = Counter(event["item"] for event in events if event["kind"] == "chapter_generated")
    assert sorted(written.values()) == [1] * chapters
    revisions = site.rows(
        "SELECT item.number, COUNT(*) FROM books_chapterrevision AS revision"
        " JOIN workflow_chapterworkflowitem AS item ON item.chapter_id = revision.chapter_id"
        " WHERE origin = 'writer' AND item.session_id = ? GROUP BY item.number",
        (plain(session),),
    )
    assert [count for _, count in revisions] == [1] * chapters


def until_something_happens(site: Installation, session: str, before: int) -> float:
    """Return the seconds until the session has more events than `before`."""
    return wait_for(lambda: len(site.events(session)) > before, LONGEST_SECONDS, 0.01)


def killed(role: str) -> Callable[[Installation], float]:
    """Return the fault that kills the process of this role; it returns the seconds until the book goes on."""

    def fault(site: Installation) -> float:
        session = begin(site)
        victim, before = roles_of(site)[role], len(site.events(session))
        os.kill(victim, signal.SIGKILL)
        took = until_something_happens(site, session, before)
        finish(site, session)
        next_book_is_written(site)
        return took

    return fault


def next_book_is_written(site: Installation) -> None:
    """Whoever was killed is there again, and takes new work."""
    wait_for(lambda: is_whole(site), LONGEST_SECONDS)
    session = site.start_book(storyline(1))
    finish(site, session, 1)


def everything_killed(site: Installation) -> float:
    """Kill everything, start again. Returns the seconds from the start to the next event."""
    session = begin(site)
    before = len(site.events(session))
    site.kill_everything()
    began = time.monotonic()
    site.start()
    until_something_happens(site, session, before)
    took = time.monotonic() - began
    finish(site, session)
    return took


def supervisor_killed(site: Installation) -> float:
    """Kill the supervisor. Returns the seconds until nothing that it started is left; then all is started again."""
    session = begin(site)
    took = all_gone_after(site, signal.SIGKILL)
    site.start()
    finish(site, session)
    return took


def stopped_in_order(number: int) -> Callable[[Installation], float]:
    """Return the fault that asks the supervisor to stop in the middle of a chapter.

    It returns the seconds until all are gone; the chapter was given back, and counts as no attempt that failed.
    """

    def fault(site: Installation) -> float:
        session = begin(site)
        took = all_gone_after(site, number)
        kinds = [event["kind"] for event in site.events(session)]
        assert "attempt_failed" not in kinds
        assert "worker_lost" not in kinds
        assert "in_progress" not in site.statuses(session)
        site.start()
        finish(site, session)
        return took

    return fault


def all_gone_after(site: Installation, number: int) -> float:
    """Signal the supervisor. Returns the seconds until none of the installation's processes lives."""
    processes = site.processes()
    assert site.process is not None
    began = time.monotonic()
    os.kill(site.process.pid, number)
    site.process.wait(timeout=30)
    site.process = None
    wait_for(lambda: not any(is_alive(pid) for pid in processes), 40, 0.01)
    return time.monotonic() - began


def suspended_past_its_lease(site: Installation) -> float:
    """Stop the busy worker until its chapter was claimed by another, and let it go on then: its result is dropped.

    Returns the seconds from the stop to the other claim.
    """
    session = begin(site)
    victim, before = roles_of(site)["busy worker"], len(site.times(session, "chapter_claimed"))
    os.kill(victim, signal.SIGSTOP)
    try:
        took = wait_for(lambda: len(site.times(session, "chapter_claimed")) > before, LONGEST_SECONDS, 0.01)
    finally:
        os.kill(victim, signal.SIGCONT)
    finish(site, session)
    lost = "SELECT outcome FROM workflow_attempt WHERE session_id = ? AND outcome = 'lost'"
    assert len(site.rows(lost, (plain(session),))) == 1
    assert is_alive(victim)
    return took


def wedged_and_supervisor_killed(site: Installation) -> float:
    """Let both idle workers hang, then kill the supervisor before anybody noticed.

    Returns the seconds until nothing that it started is left.
    """
    next_book_is_written(site)
    sentinel = roles_of(site)["sentinel"]
    for worker in children_of(sentinel)[: site.workers]:
        os.kill(worker, signal.SIGSTOP)
    took = all_gone_after(site, signal.SIGKILL)
    site.start()
    next_book_is_written(site)
    return took


def faults_of(site_kind: type[Installation]) -> Mapping[str, Callable[[Installation], float]]:
    """Return all faults of such an installation by what is done, until what."""
    roles = ["busy worker", "idle worker", "monitor", "pusher", "sentinel", "cluster", "pacemaker"]
    if site_kind is not Workers:
        roles.append("web")
    named = {f"kill -9 of the {role} → the book goes on": killed(role) for role in roles}
    return {
        **named,
        "SIGSTOP of the busy worker past its lease → claimed by another": suspended_past_its_lease,
        "SIGTERM in the middle of a chapter → all gone": stopped_in_order(signal.SIGTERM),
        "Ctrl-C in the middle of a chapter → all gone": stopped_in_order(signal.SIGINT),
        "kill -9 of the supervisor → all gone": supervisor_killed,
        "kill -9 of the supervisor of a wedged cluster → all gone": wedged_and_supervisor_killed,
        "kill -9 of everything → the book goes on, from the start": everything_killed,
    }
