"""The boards' sockets at the real web server: how each is closed that has to be, and that the log says it in a line."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.installation import Installation, wait_for
from tests.storylines import storyline

pytestmark = pytest.mark.processes
Act = Callable[[ClientConnection], Awaitable[None]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(
        tmp_path_factory.mktemp("sockets"), workers=1, CHAPTERFLOW_BOARDS_PER_PERSON="2"
    ) as installation:
        yield installation


@pytest.fixture(scope="module")
def cookie(site: Installation) -> str:
    return site.cookie()


@pytest.fixture(scope="module")
def board(site: Installation) -> str:
    """Return the session of a paused book whose board is larger than what may wait for a viewer."""
    session_id = site.start_book(storyline(600))
    site.call("POST", f"/sessions/{session_id}/pause")
    return session_id


def open_board(site: Installation, board: str, cookie: str, sock: socket.socket | None = None) -> connect:
    return connect(
        f"ws://127.0.0.1:{site.port}/ws/sessions/{board}/?since=0&view=detailed",
        additional_headers={"Cookie": cookie, "Origin": site.address},
        compression=None, sock=sock, max_queue=1, open_timeout=30,
    )  # fmt: skip


async def admitted(site: Installation, board: str, cookie: str) -> ClientConnection:
    """Return a connection that has been sent something."""
    async with asyncio.timeout(30):
        while True:
            connection = await open_board(site, board, cookie)
            try:
                await connection.recv()
            except ConnectionClosed:
                await asyncio.sleep(0.2)
            else:
                return connection


async def code_of(connection: ClientConnection, seconds: float = 30) -> int | None:
    """Return the code that the server closes the socket with; what it sends before is passed over."""
    async with asyncio.timeout(seconds):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed:
            return connection.close_code


async def flood(connection: ClientConnection) -> None:
    for _ in range(2_000):
        await connection.send("more")


async def say_much(connection: ClientConnection) -> None:
    await connection.send("x" * 2_000)


async def say_very_much(connection: ClientConnection) -> None:
    await connection.send("x" * 1_000_000)


@pytest.mark.parametrize(("act", "code"), [(flood, 4008), (say_much, 4009), (say_very_much, 4009)])
def test_who_says_too_much_is_closed_with_one_line_in_the_log(
    site: Installation, board: str, cookie: str, act: Act, code: int
) -> None:
    written = len(site.log.read_text())

    async def watch() -> int | None:
        # Those of the tests before may not be gone yet.
        async with await admitted(site, board, cookie) as connection:
            try:
                await act(connection)
            except ConnectionClosed:
                return connection.close_code
            return await code_of(connection)

    assert asyncio.run(watch()) == code
    # A browser may hear of it before the server has written it down.
    wait_for(lambda: f"code {code}" in site.log.read_text()[written:])
    lines = site.log.read_text()[written:].splitlines()
    assert len([line for line in lines if f"code {code}" in line]) == 1
    assert not [line for line in lines if "Traceback" in line or "ERROR" in line]


def test_guest_is_told_so_by_the_code(site: Installation, board: str) -> None:
    async def watch() -> int | None:
        async with open_board(site, board, "") as connection:
            return await code_of(connection)

    assert asyncio.run(watch()) == 4401


def test_boards_of_one_person_are_bounded(site: Installation, board: str, cookie: str) -> None:
    async def watch() -> int | None:
        # Those of the tests before may not be gone yet.
        one, two = await admitted(site, board, cookie), await admitted(site, board, cookie)
        async with one, two:
            async with open_board(site, board, cookie) as three:
                return await code_of(three)

    assert asyncio.run(watch()) == 4029


def test_viewer_who_does_not_read_is_closed(site: Installation, board: str, cookie: str) -> None:
    """What is not read waits at the server up to a bound; then the socket ends, and with it what waits."""
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    lazy.connect(("127.0.0.1", site.port))
    path = f"/ws/sessions/{board}/?since=0&view=detailed"
    lazy.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nOrigin: {site.address}\r\nCookie: {cookie}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    written = len(site.log.read_text())

    async def closed() -> None:
        async with asyncio.timeout(60):
            while not re.search(r"closed with code 4013", site.log.read_text()[written:]):
                await asyncio.sleep(0.2)

    asyncio.run(closed())
    lazy.close()


def test_viewer_of_a_board_on_which_nothing_happens_hears_that_the_connection_stands(
    site: Installation, board: str, cookie: str
) -> None:
    async def blank() -> bool:
        async with open_board(site, board, cookie) as connection, asyncio.timeout(60):
            while await connection.recv() != " ":
                pass
            return True

    assert asyncio.run(blank())
