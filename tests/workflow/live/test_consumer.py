"""A viewer's socket, through the whole ASGI application: who may watch, and that no change is missed."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from chapterflow_site.asgi import application
from tests.workflow.boards import claim, fail, finish, make_board
from workflow.live import follower, outbox, subscription
from workflow.live.admission import Admission, Ticket, admit
from workflow.live.consumers import BoardConsumer
from workflow.models import ProcessingSession
from workflow.notify import datagrams, local, redis

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]

HOME = b"http://localhost"


def cookie_of(user: User | None) -> bytes:
    if user is None:
        return b""
    client = Client()
    client.force_login(user)
    name = django_settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}".encode()


def socket_of(
    cookie: bytes, session_id: UUID | str, query: str = "since=1", *, origin: bytes = HOME
) -> WebsocketCommunicator:
    headers = [(b"origin", origin), (b"host", b"localhost"), (b"cookie", cookie)]
    return WebsocketCommunicator(application, f"/ws/sessions/{session_id}/?{query}", headers=headers)


@asynccontextmanager
async def watching(
    cookie: bytes, session: ProcessingSession, query: str = "since=1"
) -> AsyncIterator["Watcher"]:
    socket = socket_of(cookie, session.pk, query)
    connected, _ = await socket.connect(timeout=5)
    assert connected
    try:
        yield Watcher(socket)
    finally:
        await socket.disconnect(timeout=5)


class Watcher:
    """Reads a socket message by message."""

    def __init__(self, socket: WebsocketCommunicator) -> None:
        self.socket = socket
        self.seen: list[str] = []

    async def until(self, seq: int) -> str:
        """Return all that came up to the mark of event `seq`."""
        text = ""
        while f'data-seq="{seq}"' not in text:
            text += await self.socket.receive_from(timeout=5)
        self.seen.append(text)
        return text

    async def close_code(self) -> int:
        """Return the code that the socket is closed with; whatever comes before is passed over."""
        while True:
            output = await self.socket.receive_output(timeout=5)
            if output["type"] == "websocket.close":
                return int(output["code"])


def cards_in(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li [^>]*id="chapter-(\d+)"', text)]


@pytest.fixture
def session(transactional_db: None, person: User) -> ProcessingSession:
    return make_board(person, ["pending"] * 12)


@pytest.fixture
def cookie(session: ProcessingSession, person: User) -> bytes:
    return cookie_of(person)


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "POLL_SECONDS", 60.0)


@pytest.fixture
def no_notifications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "send_events", lambda session_id, seq: None)


async def do(change: Callable[..., object], *arguments: object) -> None:
    await database_sync_to_async(change)(*arguments)


@pytest.mark.usefixtures("no_poll")
async def test_a_change_arrives_by_notification_alone(session: ProcessingSession, cookie: bytes) -> None:
    async with watching(cookie, session) as watcher:
        await watcher.until(1)

        await do(claim, session, 7)

        assert cards_in(await watcher.until(2)) == [7]


@pytest.mark.redis
@pytest.mark.usefixtures("no_poll")
async def test_a_change_on_another_machine_arrives_through_redis(
    session: ProcessingSession, cookie: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = os.environ["CHAPTERFLOW_TEST_REDIS"]
    monkeypatch.setattr(redis, "_publisher", None)
    monkeypatch.setattr(datagrams, "listening", lambda suffix: [])
    async with watching(cookie, session) as watcher:
        await watcher.until(1)

        await do(claim, session, 7)
        for _ in range(20):
            # The first may come before this process listens.
            await asyncio.sleep(0.1)
            local.send_events(str(session.pk), 2)
            local.send_preview(str(session.pk), 7, "It comes from far away.")

        text = await watcher.until(2)
        assert cards_in(text) == [7]
        while "It comes from far away." not in text:
            text += await watcher.socket.receive_from(timeout=5)


@pytest.mark.usefixtures("no_notifications")
async def test_a_change_arrives_without_any_notification(session: ProcessingSession, cookie: bytes) -> None:
    async with watching(cookie, session) as watcher:
        await watcher.until(1)

        await do(claim, session, 7)

        assert cards_in(await watcher.until(2)) == [7]


async def test_a_change_between_page_and_socket_arrives(session: ProcessingSession, cookie: bytes) -> None:
    await do(claim, session, 3)

    async with watching(cookie, session, "since=1") as watcher:
        assert cards_in(await watcher.until(2)) == [3]


async def test_a_change_while_the_viewer_joins_arrives_once(
    session: ProcessingSession, cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = subscription.Subscription._read

    def read_and_change(self: subscription.Subscription, *arguments: object) -> object:
        found = read(self, *arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(subscription.Subscription, "_read", read)
        claim(session, 5)
        return found

    monkeypatch.setattr(subscription.Subscription, "_read", read_and_change)

    async with watching(cookie, session, "since=1") as watcher:
        text = await watcher.until(2)
        await do(claim, session, 6)
        text += await watcher.until(3)

    assert cards_in(text) == [5, 6]


async def test_no_change_is_missed_by_many_who_come_and_go(session: ProcessingSession, cookie: bytes) -> None:
    async def watch(since: int) -> str:
        async with watching(cookie, session, f"since={since}") as watcher:
            return await watcher.until(9)

    watchers = [asyncio.create_task(watch(since)) for since in (1, 1, 0, 1)]
    for number in range(1, 5):
        await do(claim, session, number)
        watchers.append(asyncio.create_task(watch(1)))
        await do(finish, session, number)

    for text in await asyncio.gather(*watchers):
        assert set(cards_in(text)) >= {1, 2, 3, 4}
        newest = {
            number: re.findall(rf'id="chapter-{number}" data-status="(\w+)"', text)[-1] for number in (1, 4)
        }
        assert newest == {1: "generated", 4: "generated"}


async def test_a_viewer_who_comes_back_gets_what_was_missed(
    session: ProcessingSession, cookie: bytes
) -> None:
    async with watching(cookie, session) as watcher:
        await do(claim, session, 1)
        await watcher.until(2)
    await do(finish, session, 1)
    await do(claim, session, 2)

    async with watching(cookie, session, "since=2") as watcher:
        assert cards_in(await watcher.until(4)) == [1, 2]


@pytest.mark.parametrize("query", ["", "since=", "since=soon", "since=-4", "since=999", "since=" + "9" * 40])
async def test_a_page_that_cannot_say_where_it_is_gets_every_card(
    session: ProcessingSession, cookie: bytes, query: str
) -> None:
    async with watching(cookie, session, query) as watcher:
        assert cards_in(await watcher.until(1)) == list(range(1, 13))


async def test_a_viewer_of_rows_gets_rows(session: ProcessingSession, cookie: bytes) -> None:
    async with watching(cookie, session, "since=1&view=compact&show=failed") as watcher:
        await watcher.until(1)
        await do(claim, session, 2)

        assert 'class="row is-new"' in await watcher.until(2)


async def test_everybody_gets_the_same_message(session: ProcessingSession, cookie: bytes) -> None:
    async with watching(cookie, session) as one, watching(cookie, session) as other:
        await one.until(1)
        await other.until(1)
        await do(claim, session, 2)

        assert await one.until(2) == await other.until(2)


async def test_a_thousand_cards_come_in_slices(
    transactional_db: None, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MESSAGES_PER_SECOND", 1_000)
    big = await database_sync_to_async(make_board)(person, ["pending"] * 1_000)
    cookie = await database_sync_to_async(cookie_of)(person)

    async with watching(cookie, big, "since=0") as watcher:
        messages: list[str] = []
        while not messages or "data-seq" not in messages[-1]:
            messages.append(await watcher.socket.receive_from(timeout=5))

    assert cards_in("".join(messages)) == list(range(1, 1_001))
    assert max(message.count("hx-swap-oob") for message in messages) <= 21


async def test_text_that_is_being_written_is_shown_escaped(transactional_db: None, person: User) -> None:
    looks = ["pending"] * 3 + ["in_progress"] + ["pending"] * 8
    session = await database_sync_to_async(make_board)(person, looks)
    cookie = await database_sync_to_async(cookie_of)(person)

    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        # Of a chapter that no page shows as being written there is nothing to fill.
        local.send_preview(str(session.pk), 5, "Too early.")
        local.send_preview(str(session.pk), 4, "Nobody could <b>swim</b>.\n\nEmm learned.")

        text = await watcher.socket.receive_from(timeout=5)

    assert "now-5-preview" not in text
    assert 'id="now-4-preview"' in text
    assert "&lt;b&gt;swim&lt;/b&gt;" in text
    assert ">Emm learned.</p>" in text


async def test_a_stranger_and_a_guest_are_sent_away_for_good(
    session: ProcessingSession, stranger: User, cookie: bytes
) -> None:
    other = await database_sync_to_async(cookie_of)(stranger)
    for who, where, code in ((b"", session.pk, 4401), (other, session.pk, 4404), (cookie, uuid4(), 4404)):
        socket = socket_of(who, where)
        assert (await socket.connect(timeout=5))[0]

        assert await Watcher(socket).close_code() == code
        await socket.disconnect(timeout=5)


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"http://localhost.evil.example"])
async def test_a_page_of_another_site_cannot_open_a_socket(
    session: ProcessingSession, cookie: bytes, origin: bytes
) -> None:
    assert (await socket_of(cookie, session.pk, origin=origin).connect(timeout=5))[0] is False


async def test_an_unknown_address_is_refused(session: ProcessingSession, cookie: bytes) -> None:
    assert (await socket_of(cookie, "not-an-id").connect(timeout=5))[0] is False


async def test_what_the_browser_says_is_passed_over_and_a_flood_ends_it(
    session: ProcessingSession, cookie: bytes
) -> None:
    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        await watcher.socket.send_to(text_data='{"status": "completed"}')
        await watcher.socket.send_to(bytes_data=b"\x00\xff")
        await do(claim, session, 1)
        await watcher.until(2)

        await watcher.socket.send_to(text_data="x" * 2_000)

        assert await watcher.close_code() == 4009


def sign_out(user: User) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another-bell")
    user.save()


@pytest.mark.parametrize("end", [sign_out, deactivate, change_password])
async def test_who_may_no_longer_watch_is_closed(
    session: ProcessingSession,
    cookie: bytes,
    person: User,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[User], None],
) -> None:
    monkeypatch.setattr(follower, "CHECK_SECONDS", 0.05)
    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        await do(end, person)

        assert await watcher.close_code() == 4401


async def test_a_sign_in_admits_its_person_only_and_says_why_not(
    session: ProcessingSession, person: User, stranger: User
) -> None:
    def key_of(user: User) -> str:
        client = Client()
        client.force_login(user)
        return client.session.session_key or ""

    own, other = [
        Ticket(await database_sync_to_async(key_of)(user), session.pk) for user in (person, stranger)
    ]
    nobody, gone = Ticket("", session.pk), Ticket(own.session_key, uuid4())

    answers = await database_sync_to_async(admit)({own, other, nobody, gone})

    assert answers == {own: Admission(person.pk, 12), other: 4404, nobody: 4401, gone: 4404}


async def test_all_who_come_at_once_are_asked_for_at_once(
    session: ProcessingSession, person: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    cookies = [await database_sync_to_async(cookie_of)(person) for _ in range(3)]
    tickets = {Ticket(each.partition(b"=")[2].decode(), session.pk) for each in cookies}

    def ask() -> None:
        with django_assert_max_num_queries(7):  # type: ignore[attr-defined]
            admit(tickets)

    await database_sync_to_async(ask)()


async def test_boards_of_one_person_are_bounded(
    session: ProcessingSession, cookie: bytes, settings: Settings
) -> None:
    settings.CHAPTERFLOW_BOARDS_PER_PERSON = 1
    async with watching(cookie, session) as first:
        await first.until(1)
        async with watching(cookie, session) as second:
            assert await second.close_code() == 4029

    async with watching(cookie, session) as third:
        await third.until(1)


async def test_who_may_watch_stays(
    session: ProcessingSession, cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "CHECK_SECONDS", 0.01)
    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        await asyncio.sleep(0.1)
        await do(claim, session, 1)

        assert cards_in(await watcher.until(2)) == [1]


async def test_a_deleted_book_closes_its_sockets(session: ProcessingSession, cookie: bytes) -> None:
    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        await do(session.version.book.delete)

        assert await watcher.close_code() == 4404


async def test_a_database_that_is_away_for_a_while_loses_nothing(
    session: ProcessingSession, cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    monkeypatch.setattr(subscription, "RETRY_SECONDS", 0.01)
    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        advance = subscription.BoardState.advance
        failures = iter([1, 2])

        def away(self: subscription.BoardState, board_views: object) -> object:
            if next(failures, None):
                raise OperationalError("the database is away")
            return advance(self, board_views)  # type: ignore[arg-type]

        monkeypatch.setattr(subscription.BoardState, "advance", away)
        await do(claim, session, 3)

        text = await watcher.until(2)
    assert 'id="chapter-3" data-status="in_progress"' in text


async def test_the_last_viewer_turns_off_the_light(session: ProcessingSession, cookie: bytes) -> None:
    async with watching(cookie, session) as watcher:
        await watcher.until(1)
        assert len(list(datagrams.folder().iterdir())) == 1

    assert list(datagrams.folder().iterdir()) == []
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert not {name for name in names if name.startswith(("Feed", "Follower", "BoardConsumer"))}


async def test_a_failure_reaches_the_cards_that_wait(transactional_db: None, person: User) -> None:
    chain = await database_sync_to_async(make_board)(person, ["pending"] * 4, {2: [1], 3: [2]})
    cookie = await database_sync_to_async(cookie_of)(person)
    async with watching(cookie, chain) as watcher:
        await do(claim, chain, 1)
        await do(fail, chain, 1)

        text = await watcher.until(3)

    assert 'id="chapter-3" data-status="blocked"' in text
    assert 'id="chapter-4" data-status="blocked"' not in text


async def test_a_socket_that_cannot_be_served_is_closed_so_that_the_browser_comes_back(
    session: ProcessingSession, cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: BoardConsumer, text: str) -> None:
        raise ValueError("too large for this server")

    monkeypatch.setattr(BoardConsumer, "_send_text", broken)
    async with watching(cookie, session) as viewer:
        await database_sync_to_async(claim)(session, 1)

        assert await viewer.close_code() == 4011
