"""Measures how long a notification takes from a worker to a web process: on the same machine, and through Redis.

    .venv/bin/python -m tests.benchmarks.notifications [--times 500] [--redis redis://127.0.0.1:6379/9]

A process of its own sends one twenty times a second, as a busy session does; each carries the time at which it was
sent. What a page's change takes longer is the reading and rendering, which are the same on both ways.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from uuid import uuid4

from tests.installation import ROOT

from .tables import end_in_order, machine, table

PAUSE_SECONDS = 0.05


def set_up(folder: str, redis: str) -> None:
    """Be a process of an installation in `folder`."""
    os.environ.update(CHAPTERFLOW_DATA_DIR=folder, REDIS_URL=redis)
    os.environ["DJANGO_SETTINGS_MODULE"] = "chapterflow_site.settings"
    import django

    django.setup()


def send(session: str, times: int) -> None:
    """Send so many notifications; the number of the event is the time, in nanoseconds."""
    from workflow.notify import local

    for _ in range(times):
        time.sleep(PAUSE_SECONDS)
        local.send_events(session, time.monotonic_ns())
    # The last one is still on its way.
    time.sleep(PAUSE_SECONDS)


async def listen(is_far: bool, command: list[str], times: int) -> list[float]:
    """Return the milliseconds that each notification took which arrived."""
    from workflow.notify import local
    from workflow.notify.redis import subscribe

    heard: list[float] = []

    def hear(news: local.NewEvents | local.Preview | None) -> None:
        if isinstance(news, local.NewEvents):
            heard.append((time.monotonic_ns() - news.seq) / 1e6)

    loop = asyncio.get_running_loop()
    if is_far:
        listening = loop.create_task(subscribe("", lambda datagram: hear(local.read(datagram))))
        await asyncio.sleep(1)
    else:
        here = local.Listener()
        loop.add_reader(here.fileno(), lambda: deque(map(hear, here.take()), maxlen=0))
    ringer = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    await asyncio.wait_for(ringer.wait(), times * PAUSE_SECONDS * 2 + 30)
    await asyncio.sleep(0.2)
    if is_far:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    else:
        loop.remove_reader(here.fileno())
        here.close()
    return heard


def row(name: str, times: int, redis: str) -> list[str]:
    """Measure one way, and return the table's row."""
    session = str(uuid4())
    module = [sys.executable, "-m", "tests.benchmarks.notifications", "--times", str(times)]
    with tempfile.TemporaryDirectory(prefix="chapterflow-benchmark-") as folder:
        said = subprocess.run(
            [*module, "--folder", folder, "--redis", redis, "--session", session, "--listen"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=times * PAUSE_SECONDS * 2 + 60,
        )  # fmt: skip
    heard = sorted(float(ms) for ms in said.stdout.split())
    p99 = heard[int(len(heard) * 0.99) - 1]
    cells = [f"{statistics.median(heard):.2f} ms", f"{p99:.2f} ms", f"{heard[-1]:.2f} ms"]
    return [name, f"{len(heard):,} of {times:,}", *cells]


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/9")
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--session", help=argparse.SUPPRESS)
    parser.add_argument("--listen", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        set_up(options.folder, options.redis)
        if not options.listen:
            send(options.session, options.times)
            return
        command = [sys.executable, "-m", "tests.benchmarks.notifications", "--times", str(options.times)]
        command += ["--folder", options.folder, "--redis", options.redis, "--session", options.session]
        print(*asyncio.run(listen(bool(options.redis), command, options.times)))
        return
    print(f"{machine()}\n{options.times} rings, 20 a second\n")
    rows = [row("on one machine", options.times, ""), row("through Redis", options.times, options.redis)]
    print(table(("way", "heard", "median", "p99", "longest"), rows))


if __name__ == "__main__":
    main()
