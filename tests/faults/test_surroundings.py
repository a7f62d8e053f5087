"""The database, the disk, the queue and the clock fail in the middle of a book: nothing is lost, and it goes on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.surroundings import (
    Clock,
    clock_moved,
    clock_moved_while_a_worker_is_lost,
    clock_set_back_while_a_chapter_waits,
    database_locked,
    disk_filled,
    postgres_restarted,
    small_disk,
)
from tests.installation import Installation
from tests.servers import PostgresServer

pytestmark = pytest.mark.faults
SLOW = {"CHAPTERFLOW_TEST_SECONDS": "1"}


def test_database_is_locked_for_half_a_minute(tmp_path: Path) -> None:
    with Installation(tmp_path, **SLOW) as site:
        took = database_locked(site, 30)

    print(f"\nthe database was locked for 30 s → the book goes on: {took:.2f} s after")


def test_disk_is_full(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "disk", 40) as disk, Installation(disk, **SLOW) as site:
            took = disk_filled(site, 5)
    except PermissionError as refused:
        pytest.skip(f"no small disk can be mounted here: {refused}")

    print(f"\nthe disk was full → the book goes on: {took:.2f} s after there was room")


@pytest.mark.postgres
def test_postgresql_crashes_and_comes_back(tmp_path: Path) -> None:
    if PostgresServer.programs() is None:
        pytest.skip("the programs initdb and pg_ctl are not on this machine")
    server = PostgresServer(tmp_path)
    server.start()
    try:
        with Installation(tmp_path / "site", DATABASE_URL=server.url, **SLOW) as site:
            took = postgres_restarted(site, server, 5)
    finally:
        server.stop()

    print(f"\nPostgreSQL crashed and came back after 5 s → the book goes on: {took:.2f} s after")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    """A clock that can be set."""
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def ticking(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Installation]:
    """An installation that lives by that clock."""
    with Installation(tmp_path_factory.mktemp("site"), **SLOW, **clock.environment) as installation:
        yield installation


@pytest.mark.parametrize("hours", [2, -1, 0])
def test_clock_is_set_in_the_middle_of_a_chapter(ticking: Installation, clock: Clock, hours: int) -> None:
    took = clock_moved(ticking, clock, timedelta(hours=hours))

    print(f"\nthe clock was set to {hours:+d} h → the book goes on: {took:.2f} s")


@pytest.mark.parametrize("hours", [3, -2, 0])
def test_clock_is_set_while_a_worker_is_lost(ticking: Installation, clock: Clock, hours: int) -> None:
    took = clock_moved_while_a_worker_is_lost(ticking, clock, timedelta(hours=hours))

    print(f"\nthe clock was set to {hours:+d} h, the worker killed → the book goes on: {took:.2f} s")


def test_clock_is_set_back_while_a_chapter_waits(ticking: Installation, clock: Clock) -> None:
    took = clock_set_back_while_a_chapter_waits(ticking, clock, timedelta(hours=1))

    print(f"\nthe clock was set to -1 h while a chapter waited for 2 s → written after {took:.2f} s")
