"""Notifications through Redis: heard on other machines, once where it was heard already, and never waited for."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from tests.servers import RedisServer
from workflow.notify import datagrams, local, redis
from workflow.notify.local import Listener, NewEvents, Preview

pytestmark = [pytest.mark.redis, pytest.mark.asyncio]

SESSION = uuid4()
SECONDS = 10


@pytest.fixture(autouse=True)
def redis_address(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = os.environ["CHAPTERFLOW_TEST_REDIS"]
    # A queue of this test's own, and so a channel.
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "name": f"test-{uuid4()}"}
    monkeypatch.setattr(redis, "_publisher", None)
    monkeypatch.setattr(redis, "PAUSE_SECONDS", 0.05)


class Machine:
    """Another machine's web process: what it has heard through Redis."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def next(self) -> NewEvents | Preview | None:
        """Return what it hears next, but for those of machines that find out whether they hear."""
        while True:
            news = local.read(await asyncio.wait_for(self.heard.get(), SECONDS))
            if news != NewEvents(SESSION, 0):
                return news

    async def hears_again(self, seq: int) -> None:
        """Send until it is heard: what is sent before somebody listens, or while Redis is away, is forgotten."""
        datagram = local._EVENTS.pack(b"R", SESSION.bytes, seq)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            redis.publish(datagram, [])
            await asyncio.sleep(0.05)
            while not self.heard.empty():
                if local.read(self.heard.get_nowait()) == NewEvents(SESSION, seq):
                    # What was sent more than once comes, too.
                    await asyncio.sleep(0.2)
                    while not self.heard.empty():
                        self.heard.get_nowait()
                    return
        raise AssertionError("nothing was heard")


@asynccontextmanager
async def another_machine(own_name: str = "") -> AsyncIterator[Machine]:
    machine = Machine()
    listening = asyncio.create_task(redis.subscribe(own_name, machine.heard.put_nowait))
    try:
        await machine.hears_again(0)
        yield machine
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_events_and_text_are_heard_in_their_order() -> None:
    async with another_machine() as machine:
        local.send_events(str(SESSION), 41)
        local.send_preview(str(SESSION), 6, "It rang – twice.")
        local.send_events(str(SESSION), 42)

        assert await machine.next() == NewEvents(SESSION, 41)
        assert await machine.next() == Preview(SESSION, 6, 3, "It rang – twice.")
        assert await machine.next() == NewEvents(SESSION, 42)


async def test_what_was_heard_on_this_machine_is_left_out() -> None:
    here = Listener()
    try:
        async with another_machine() as far, another_machine(here.name) as near:
            local.send_events(str(SESSION), 7)

            assert await far.next() == NewEvents(SESSION, 7)
            assert here.take()[-1] == NewEvents(SESSION, 7)
            await asyncio.sleep(0.3)
            assert near.heard.empty()
    finally:
        here.close()


async def test_a_socket_that_was_full_is_reached_through_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Listener()
    try:
        async with another_machine() as far, another_machine(here.name) as near:
            monkeypatch.setattr(datagrams, "send", lambda datagram, paths: [])

            local.send_events(str(SESSION), 8)

            assert await far.next() == NewEvents(SESSION, 8)
            assert await near.next() == NewEvents(SESSION, 8)
    finally:
        here.close()


async def test_a_forked_process_is_heard() -> None:
    async with another_machine() as machine:
        child = multiprocessing.get_context("fork").Process(target=_ring_and_stay, args=(str(SESSION),))
        child.start()

        assert await machine.next() == NewEvents(SESSION, 11)
        child.kill()
        child.join()


def _ring_and_stay(session: str) -> None:
    local.send_events(session, 11)
    time.sleep(SECONDS)


async def test_two_installations_do_not_hear_each_other(settings: Settings) -> None:
    async with another_machine() as machine:
        settings.Q_CLUSTER = {**settings.Q_CLUSTER, "name": "another"}

        local.send_events(str(SESSION), 12)

        await asyncio.sleep(0.3)
        assert machine.heard.empty()


async def test_nothing_waits_for_a_redis_that_is_away_and_all_goes_on_when_it_is_back(
    settings: Settings, tmp_path: Path
) -> None:
    server = RedisServer(tmp_path)
    settings.REDIS_URL = server.url
    began = time.perf_counter()
    for seq in range(1_000):
        local.send_events(str(SESSION), seq)
    assert (time.perf_counter() - began) / 1_000 < 0.005

    try:
        server.start()
        async with another_machine() as machine:
            server.kill()
            local.send_events(str(SESSION), 1)
            server.start()
            await machine.hears_again(2)
    finally:
        server.kill()


async def test_without_redis_there_is_no_thread(settings: Settings) -> None:
    settings.REDIS_URL = ""

    local.send_events(str(SESSION), 1)
    await redis.subscribe("", lambda datagram: None)

    assert redis._publisher is None
