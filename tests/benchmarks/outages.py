"""Lets database, queue, disk and clock of an installation fail in the middle of a book; prints when it goes on.

    .venv/bin/python -m tests.benchmarks.outages

Each book is complete afterwards: every chapter once, events without a gap. The small disk needs the right to mount
one, the servers their programs; what cannot be had is said. Stops by itself.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from tests.faults.surroundings import (
    Clock,
    clock_moved,
    clock_moved_while_a_worker_is_lost,
    clock_set_back_while_a_chapter_waits,
    database_locked,
    disk_filled,
    postgres_restarted,
    redis_forgets,
    small_disk,
)
from tests.installation import Installation
from tests.servers import REDIS, PostgresServer, RedisServer

from .tables import end_in_order, machine, table

SLOW = {"CHAPTERFLOW_TEST_SECONDS": "1"}
LOCKED_SECONDS = 30.0
AWAY_SECONDS = 5.0
Measured = Sequence[tuple[str, float]]


def locked(folder: Path) -> Measured:
    """SQLite's write lock is held by somebody else."""
    with Installation(folder, **SLOW) as site:
        return [(f"SQLite locked for {LOCKED_SECONDS:.0f} s", database_locked(site, LOCKED_SECONDS))]


def full(folder: Path) -> Measured:
    """The disk of the data directory is full."""
    with small_disk(folder / "disk", 40) as disk, Installation(disk, **SLOW) as site:
        return [(f"disk full for {AWAY_SECONDS:.0f} s", disk_filled(site, AWAY_SECONDS))]


def postgres(folder: Path) -> Measured:
    """PostgreSQL crashes."""
    if PostgresServer.programs() is None:
        raise PermissionError("the programs initdb and pg_ctl are not on this machine")
    server = PostgresServer(folder)
    server.start()
    try:
        with Installation(folder / "site", DATABASE_URL=server.url, **SLOW) as site:
            took = postgres_restarted(site, server, AWAY_SECONDS)
    finally:
        server.stop()
    return [(f"PostgreSQL crashed and away for {AWAY_SECONDS:.0f} s", took)]


def redis(folder: Path) -> Measured:
    """Redis is restarted without what it knew."""
    if not REDIS:
        raise PermissionError("the program redis-server is not on this machine")
    server = RedisServer(folder)
    server.start()
    try:
        with Installation(folder / "site", REDIS_URL=server.url, **SLOW) as site:
            return [("Redis restarted, wake-ups forgotten", redis_forgets(site, server))]
    finally:
        server.kill()


def clock(folder: Path) -> Measured:
    """The wall clock is set."""
    ticking = Clock(folder)
    with Installation(folder / "site", **SLOW, **ticking.environment) as site:
        moved = [(f"clock set by {h:+d} h", clock_moved(site, ticking, timedelta(hours=h))) for h in (2, -1)]
        lost = clock_moved_while_a_worker_is_lost(site, ticking, timedelta(hours=3))
        ticking.set(timedelta(0))
        late = clock_set_back_while_a_chapter_waits(site, ticking, timedelta(hours=1))
        return [
            *moved,
            ("clock set by +4 h and the worker killed", lost),
            ("clock set by -1 h while a chapter waits for 2 s", late),
        ]


OUTAGES: Sequence[Callable[[Path], Measured]] = (locked, full, postgres, redis, clock)


def main() -> None:
    """Run and print."""
    end_in_order()
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(f"{machine()}\n")
    rows = []
    for outage in OUTAGES:
        with tempfile.TemporaryDirectory(prefix="chapterflow-benchmark-") as folder:
            try:
                found = outage(Path(folder))
            except PermissionError as refused:
                print(f"{outage.__doc__} Not measured: {refused}")
                continue
        rows += [[what, f"{took:.2f} s"] for what, took in found]
        print(*rows[-1], sep=" | ", flush=True)
    print("\n" + table(("what failed in the middle of a book", "the book goes on, after it is over"), rows))


if __name__ == "__main__":
    main()
