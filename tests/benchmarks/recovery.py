"""Kills real processes in the middle of chapters, and prints how long it takes until the work goes on.

    .venv/bin/python -m tests.benchmarks.recovery [--trials 5] [--with 'PostgreSQL, Redis:REDIS_URL=redis://…']

Each book is written to its end afterwards, and checked: every chapter once, events without a gap. Stops by itself.
"""

import argparse
import os
import signal
import subprocess
import sys

from tests.faults.processes import (
    LONGEST_SECONDS,
    begin,
    count_of,
    faults_of,
    finish,
    roles_of,
    suspended_past_its_lease,
)
from tests.installation import ROOT, Installation, children_of, wait_for

from .sites import Kind, add_options, kinds, quantiles, running
from .tables import end_in_order, machine, table

CHAPTER_SECONDS = "0.8"
HOST = "another machine lost → claimed here"


def lost_host(site: Installation) -> float:
    """SIGKILL all workers of another machine → claimed here: no process id and no lock file tells, only the lease.

    The other machine is `manage.py work` with a data directory of its own, and does all the work at first.
    """
    wait_for(lambda: len(site.processes()) == count_of(site), LONGEST_SECONDS)
    here = roles_of(site)["cluster"]
    other = start_elsewhere(site)
    try:
        # A stopped cluster takes no wake-ups.
        for pid in [here, *below(here)]:
            os.kill(pid, signal.SIGSTOP)
        session = begin(site)
        before = len(site.times(session, "chapter_claimed"))
        for pid in [other.pid, *below(other.pid)]:
            os.kill(pid, signal.SIGKILL)
    finally:
        other.kill()
        other.wait()
        for pid in [here, *below(here)]:
            os.kill(pid, signal.SIGCONT)
    took = wait_for(lambda: len(site.times(session, "chapter_claimed")) > before, LONGEST_SECONDS, 0.01)
    finish(site, session)
    return took


def start_elsewhere(site: Installation) -> subprocess.Popen[bytes]:
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


def measure(kind: Kind, trials: int) -> list[list[str]]:
    """Return a row of each fault."""
    rows = []
    faults = faults_of(Installation)
    if kind.is_postgres:
        faults = {**faults, HOST: lost_host}
    for name, fault in faults.items():
        with running(kind, CHAPTERFLOW_TEST_SECONDS=CHAPTER_SECONDS) as site:
            # A lease's length is what it is: once will do.
            times = 1 if fault in {lost_host, suspended_past_its_lease} else trials
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
