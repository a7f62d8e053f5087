"""Kills real processes in the middle of chapters, and prints how long it takes until the work goes on.

    .venv/bin/python -m tests.benchmarks.recovery [--trials 5] [--with 'PostgreSQL, Redis:REDIS_URL=redis://…']

Each book is written to its end afterwards, and checked: every chapter once, events without a gap. Stops by itself.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter

from tests.installation import ROOT, children_of, is_alive, wait_for
from tests.storylines import storyline

from .sites import Kind, Site, add_options, kinds, quantiles, running
from .tables import end_in_order, machine, table

CHAPTERS = 3
# Longer than a lease's heartbeat is not needed: a kill in the middle of any chapter will do.
CHAPTER_SECONDS = "0.8"
LONGEST_SECONDS = 60.0


def begin(site: Site) -> str:
    """Start a book and wait until its second chapter is being written. Returns its session."""
    session = site.start_book(storyline(CHAPTERS), writer="python:tests.writers:slow")
    wait_for(lambda: site.statuses(session)[1] == "in_progress", LONGEST_SECONDS, 0.02)
    return session


def finish(site: Site, session: str) -> None:
    """Wait for the book's end and hold it to the contract."""
    wait_for(lambda: site.status(session) == "completed", LONGEST_SECONDS, 0.1)
    events = site.events(session)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    written = Counter(event["item"] for event in events if event["kind"] == "chapter_generated")
    assert list(written.values()) == [1] * CHAPTERS


def claims(site: Site, session: str) -> int:
    """Return how many claims there were."""
    return len(site.times(session, "chapter_claimed"))


def until_claimed_again(site: Site, session: str, before: int) -> float:
    """Return the seconds until one more claim is there."""
    return wait_for(lambda: claims(site, session) > before, LONGEST_SECONDS, 0.01)


def busy_worker(site: Site) -> float:
    """SIGKILL the worker that writes → its chapter is claimed again."""
    session = begin(site)
    victim, before = site.busy_worker(), claims(site, session)
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    took = until_claimed_again(site, session, before)
    finish(site, session)
    return took


def everything(site: Site) -> float:
    """SIGKILL everything, start again → claimed again, counted from the start of `manage.py up`."""
    session = begin(site)
    before = claims(site, session)
    site.kill_everything()
    began = time.monotonic()
    site.start()
    until_claimed_again(site, session, before)
    took = time.monotonic() - began
    finish(site, session)
    return took


def supervisor(site: Site) -> float:
    """SIGKILL the supervisor → nothing that it started is left; then it is started again and the book ends."""
    session = begin(site)
    processes = site.processes()
    os.kill(processes[0], signal.SIGKILL)
    assert site.process is not None
    site.process.wait(timeout=10)
    site.process = None
    took = wait_for(lambda: not any(is_alive(pid) for pid in processes), LONGEST_SECONDS, 0.01)
    site.start()
    finish(site, session)
    return took


def lost_host(site: Site) -> float:
    """SIGKILL all workers of another machine → claimed here: no process id and no lock file tells, only the lease.

    The other machine is `manage.py work` with a data directory of its own, and does all the work at first.
    """
    here = site.processes()[2]
    other = start_elsewhere(site)
    try:
        # A stopped cluster takes no wake-ups.
        for pid in [here, *below(here)]:
            os.kill(pid, signal.SIGSTOP)
        session = begin(site)
        before = claims(site, session)
        for pid in [other.pid, *below(other.pid)]:
            os.kill(pid, signal.SIGKILL)
    finally:
        other.kill()
        other.wait()
        for pid in [here, *below(here)]:
            os.kill(pid, signal.SIGCONT)
    took = until_claimed_again(site, session, before)
    finish(site, session)
    return took


def start_elsewhere(site: Site) -> subprocess.Popen[bytes]:
    """Start the other machine's workers."""
    folder = site.folder / "elsewhere"
    environment = {
        **site.environment,
        "CHAPTERFLOW_DATA_DIR": str(folder),
        "SECRET_KEY": (site.data_dir / "secret_key").read_text(),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "work", "--workers", "2"], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def below(pid: int) -> list[int]:
    """Return the ids of all processes below this one."""
    found = children_of(pid)
    for each in found:
        found += children_of(each)
    return found


FAULTS = {
    "kill -9 of the worker that writes → claimed again": busy_worker,
    "kill -9 of everything, started again → claimed again, from the start": everything,
    "kill -9 of the supervisor → nothing of it left": supervisor,
}
BETWEEN_MACHINES = {"another machine lost → claimed here": lost_host}


def measure(kind: Kind, trials: int) -> list[list[str]]:
    """Return a row of each fault."""
    rows = []
    faults = {**FAULTS, **BETWEEN_MACHINES} if kind.is_postgres else FAULTS
    for name, fault in faults.items():
        with running(kind, CHAPTERFLOW_TEST_SECONDS=CHAPTER_SECONDS) as site:
            # A lease's length is what it is: once will do.
            times = 1 if fault is lost_host else trials
            found = quantiles([fault(site) for _ in range(times)])
        rows.append([kind.name, name, f"{found['median']:.2f} s", f"{found['max']:.2f} s"])
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5)
    add_options(parser)
    options = parser.parse_args()
    print(f"{machine()}\n{options.trials} trials each; every book was complete afterwards\n")
    rows = [row for kind in kinds(options) for row in measure(kind, options.trials)]
    print("\n" + table(("installation", "fault", "median", "largest"), rows))


if __name__ == "__main__":
    main()
