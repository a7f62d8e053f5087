"""Redis goes away, comes back and has forgotten everything: books go on by themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.processes import assert_complete_and_once
from tests.faults.surroundings import redis_forgets
from tests.installation import Installation, wait_for
from tests.servers import REDIS, RedisServer
from tests.storylines import storyline

pytestmark = [pytest.mark.faults, pytest.mark.redis]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that runs."""
    if not REDIS:
        pytest.skip("the program redis-server is not on this machine")
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def site(tmp_path: Path, server: RedisServer) -> Iterator[Installation]:
    """An installation with two workers, whose queue is in that Redis."""
    with Installation(tmp_path / "site", REDIS_URL=server.url, CHAPTERFLOW_TEST_SECONDS="1") as installation:
        yield installation


def test_books_are_written_and_started_while_redis_is_away(site: Installation, server: RedisServer) -> None:
    running = site.start_book(storyline(3), writer="python:tests.writers:slow")
    wait_for(lambda: site.statuses(running)[0] == "in_progress")

    server.kill()
    started_meanwhile = site.start_book(storyline(2))
    wait_for(lambda: site.statuses(running)[1] != "pending")
    server.start()
    took = wait_for(lambda: "pending" not in site.statuses(started_meanwhile)[:1], 20, 0.02)

    print(f"\nRedis is back → the book that was started meanwhile is written: {took:.2f} s")
    wait_for(lambda: {site.status(running), site.status(started_meanwhile)} == {"completed"}, 60)
    assert_complete_and_once(site, running, 3)
    assert_complete_and_once(site, started_meanwhile, 2)


def test_wake_ups_that_redis_has_forgotten_come_again(site: Installation, server: RedisServer) -> None:
    took = redis_forgets(site, server)

    print(f"\nRedis restarted without its memory → what waited in it is written: {took:.1f} s")
