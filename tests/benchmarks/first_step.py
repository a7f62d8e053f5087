"""Measures start → first chapter claimed, with idle workers: the old broker that polls, and the one that is woken.

    .venv/bin/python -m tests.benchmarks.first_step [--times 60] [--redis redis://127.0.0.1:6379/9]

Both on SQLite, in one run, in turns. “commit” counts from the commit of the start, “start” from its call. Also prints
what the cluster costs while there is nothing to do. `--redis` adds django-q2's Redis broker; its queue is flushed.
"""

import argparse
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.installation import ROOT, Installation

LONGEST_SECONDS = 10.0
IDLE_SECONDS = 5.0
POLLING = {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.polling"}


def cpu_seconds(site: Installation) -> float:
    """Return the processor time of the cluster's processes: the third child and all below it."""
    ticks = 0
    for pid in site.processes()[2:]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def idle_cost(site: Installation) -> float:
    """Return the share of a core that workers and pacemaker use while idle, in percent."""
    before = cpu_seconds(site)
    time.sleep(IDLE_SECONDS)
    return 100 * (cpu_seconds(site) - before) / IDLE_SECONDS


def measure_here(times: int) -> None:
    """In a process of the installation's own settings: start book after book, print milliseconds."""
    import django

    django.setup()
    from django.contrib.auth.models import User

    from books.actions import upload_storyline
    from tests.storylines import storyline
    from workflow.actions import start_session
    from workflow.notify.local import Listener, NewEvents

    owner, listener = User.objects.get(username="owner"), Listener()
    for _ in range(times):
        version = upload_storyline(storyline(1), actor=owner, source_name="river.json")
        time.sleep(0.15)
        listener.take()
        began = time.perf_counter()
        session, _ = start_session(version, actor=owner, writer="python:tests.writers:plain")
        committed = time.perf_counter()
        # The first news of others than this process: the session runs and its chapter is claimed, one commit.
        while not any(isinstance(n, NewEvents) and n.seq > session.event_seq for n in listener.take()):
            if not select.select([listener], [], [], LONGEST_SECONDS)[0]:
                raise SystemExit("no chapter was claimed")
        claimed = time.perf_counter()
        print(f"{1000 * (claimed - committed):.3f} {1000 * (claimed - began):.3f}", flush=True)
        wait_until_written(session)
    listener.close()


def wait_until_written(session: object) -> None:
    """Let the cluster be idle again."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while session.status != "completed" and time.monotonic() < deadline:  # type: ignore[attr-defined]
        time.sleep(0.02)
        session.refresh_from_db()  # type: ignore[attr-defined]


def measure(site: Installation, times: int) -> list[tuple[float, float]]:
    """Return the pairs (from the commit, from the call) in milliseconds."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.first_step", "--here", str(times)],
        cwd=ROOT, env={"DJANGO_SETTINGS_MODULE": "chapterflow_site.settings", **site.environment},
        stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST_SECONDS * times,
    )  # fmt: skip
    return [(float(a), float(b)) for a, b in (line.split() for line in run.stdout.splitlines())]


def quantile(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))]


@contextmanager
def installations(kinds: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Installation]]:
    """Start one installation of each kind."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield {
            name: stack.enter_context(Installation(Path(folder) / str(number), **environment))
            for number, (name, environment) in enumerate(kinds.items())
        }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--redis", help="also measure with this Redis")
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure_here(options.here)
        return
    kinds: dict[str, Mapping[str, str]] = {
        "database, polls each 50 ms (before)": POLLING,
        "database, woken": {},
    }
    if options.redis:
        kinds["Redis"] = {"REDIS_URL": options.redis}
    print(f"{'broker':36} {'commit p50':>10} {'p99':>7} {'start p50':>10} {'p99':>7} {'idle CPU':>9}")
    with installations(kinds) as sites:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in sites}
        for _ in range(3):
            for name, site in sites.items():
                found[name] += measure(site, max(1, options.times // 3))
        for name, site in sites.items():
            commits, starts = [a for a, _ in found[name]], [b for _, b in found[name]]
            print(
                f"{name:36} {quantile(commits, 0.5):7.1f} ms {quantile(commits, 0.99):4.0f} ms "
                f"{quantile(starts, 0.5):7.1f} ms {quantile(starts, 0.99):4.0f} ms {idle_cost(site):7.2f} %"
            )


if __name__ == "__main__":
    main()
