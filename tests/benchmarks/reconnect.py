"""Measures how soon many boards are live again that come back at once, and what viewers who do not read cost.

    .venv/bin/python -m tests.benchmarks.reconnect [--viewers 1000] [--people 1] [--chapters 600] [--lazy 200]
    .venv/bin/python -m tests.benchmarks.reconnect --viewers 400 --kill

Every viewer opens its socket in the same moment, as after a restart but without the browsers' spread. A viewer is in
when the message has come by which its board knows that it is up to date. With `--kill` the web server is killed while
all look on, and each tries again with the pauses of `static/connection.js`.
"""

import argparse
import asyncio
import itertools
import os
import random
import resource
import signal
import socket
import statistics
import tempfile
import time
from pathlib import Path

from tests.installation import Installation, children_of, plain
from tests.storylines import storyline

from .tables import end_in_order, machine, table

OPEN_SECONDS = 60.0


def web_process(site: Installation) -> int:
    """Return the id of the web server."""
    assert site.process
    for pid in children_of(site.process.pid):
        if b"web_server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no web server")


def megabytes(pid: int) -> float:
    """Return how much memory the process has now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def processor_seconds(pid: int) -> float:
    """Return how long the process has been computing."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


class Viewer(asyncio.Protocol):
    """Opens a board's socket and waits for the mark by which it knows that it is up to date. Costs next to nothing."""

    def __init__(
        self, request: bytes, is_in: asyncio.Future[float], lost: asyncio.Event | None = None
    ) -> None:
        self._request = request
        self._is_in = is_in
        self._lost = lost
        self._begin = time.monotonic()
        self._end = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Look for the mark."""
        if b"data-seq" in self._end + data and not self._is_in.done():
            self._is_in.set_result(time.monotonic() - self._begin)
        self._end = data[-8:]

    def connection_lost(self, error: Exception | None) -> None:
        """Never be in, where it was not."""
        if not self._is_in.done():
            self._is_in.set_result(float("inf"))
        if self._lost:
            self._lost.set()


def request_for(site: Installation, board: str, query: str, cookie: str) -> bytes:
    """Return what a browser sends to open the socket of a board."""
    return (
        f"GET /ws/sessions/{board}/?{query} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        f"Origin: {site.address}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


async def come_back(
    site: Installation, board: str, since: int, cookies: list[str], viewers: int
) -> list[float]:
    """Let all come at once; return how long each took, in order."""
    loop = asyncio.get_running_loop()
    opened: list[asyncio.Transport] = []

    async def one(number: int) -> float:
        is_in: asyncio.Future[float] = loop.create_future()
        request = request_for(site, board, f"since={since}", cookies[number % len(cookies)])
        transport, _ = await loop.create_connection(lambda: Viewer(request, is_in), "127.0.0.1", site.port)
        opened.append(transport)
        return await asyncio.wait_for(is_in, OPEN_SECONDS)

    times = await asyncio.gather(*map(one, range(viewers)), return_exceptions=True)
    for transport in opened:
        transport.close()
    return sorted(each if isinstance(each, float) else float("inf") for each in times)


def pause(tries: int) -> float:
    """Return how many seconds a board waits before it tries again: `delay` of `static/connection.js`."""
    return 0.1 + random.random() * min(0.5 * 2**tries, 4)


async def come_back_after_a_kill(
    site: Installation, board: str, since: int, cookies: list[str], viewers: int
) -> tuple[float, list[float]]:
    """Kill the web server under the viewers' eyes; return when it listened again, and when each was back, in order."""
    loop = asyncio.get_running_loop()
    lost = asyncio.Event()

    async def come(number: int, until: asyncio.Event | None = None) -> float:
        is_in: asyncio.Future[float] = loop.create_future()
        request = request_for(site, board, f"since={since}", cookies[number % len(cookies)])
        await loop.create_connection(lambda: Viewer(request, is_in, until), "127.0.0.1", site.port)
        return await asyncio.wait_for(is_in, OPEN_SECONDS)

    async def come_again(number: int, killed_at: float) -> float:
        for tries in itertools.count():
            await asyncio.sleep(pause(tries))
            try:
                if await come(number) != float("inf"):
                    break
            except OSError:
                continue
        return time.monotonic() - killed_at

    async def listen(killed_at: float) -> float:
        while True:
            try:
                transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", site.port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            transport.close()
            return time.monotonic() - killed_at

    for first in range(0, viewers, 50):
        came = await asyncio.gather(
            *(come(number, lost) for number in range(first, min(first + 50, viewers)))
        )
        assert max(came) < OPEN_SECONDS
    killed_at = time.monotonic()
    os.kill(web_process(site), signal.SIGKILL)
    await lost.wait()
    listened, *times = await asyncio.gather(
        listen(killed_at), *(come_again(number, killed_at) for number in range(viewers))
    )
    return listened, sorted(times)


def be_lazy(site: Installation, board: str, cookie: str, viewers: int) -> tuple[float, float]:
    """Open so many boards and read none; return the most that the server grew by in 20 s, and what is kept, in MB."""
    pid, before = web_process(site), megabytes(web_process(site))
    opened = []
    for _ in range(viewers):
        lazy = socket.socket()
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect(("127.0.0.1", site.port))
        lazy.sendall(request_for(site, board, "since=0&view=detailed", cookie))
        opened.append(lazy)
    most = 0.0
    for _ in range(200):
        time.sleep(0.1)
        most = max(most, megabytes(pid) - before)
    kept = megabytes(pid) - before
    for lazy in opened:
        lazy.close()
    return most, kept


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Print the table."""
    # Only its owner sees a book, so that all viewers are one person, who may have fewer boards open by default.
    boards = str(options.viewers + options.lazy)
    with Installation(folder, workers=1, CHAPTERFLOW_BOARDS_PER_PERSON=boards) as site:
        board = site.start_book(storyline(options.chapters))
        site.call("POST", f"/sessions/{board}/pause")
        query = "SELECT event_seq FROM workflow_processingsession WHERE id = ?"
        since = int(str(site.rows(query, (plain(board),))[0][0]))
        cookies = [site.cookie()]
        for _ in range(options.people - 1):
            printed = site.command("sign_in_link", "owner")
            cookies.append(site.cookie(f"{site.address}/sign-in/{printed.rstrip('/').rpartition('/')[2]}/"))
        if options.kill:
            listened, times = asyncio.run(
                come_back_after_a_kill(site, board, since, cookies, options.viewers)
            )
            rows = [
                ["viewers of a web server that is killed", str(options.viewers)],
                ["it listens again", f"{listened:.2f} s after the kill"],
                ["half of them are back", f"{statistics.median(times):.2f} s after the kill"],
                ["the last is back", f"{times[-1]:.2f} s after the kill"],
            ]
            print(table(["", ""], rows))
            return
        pid = web_process(site)
        memory, work = megabytes(pid), processor_seconds(pid)
        times = asyncio.run(come_back(site, board, since, cookies, options.viewers))
        work = processor_seconds(pid) - work
        rows = [
            ["viewers at once", f"{options.viewers} by {options.people} sign-ins"],
            ["not in within a minute", str(times.count(float("inf")))],
            ["median", f"{statistics.median(times):.2f} s"],
            ["the last", f"{times[-1]:.2f} s"],
            ["processor time of the web server", f"{work:.1f} s"],
            ["memory of the web server", f"{memory:.0f} MB, then {megabytes(pid):.0f} MB"],
        ]
        if options.lazy:
            most, kept = be_lazy(site, board, cookies[0], options.lazy)
            rows.append(
                [f"{options.lazy} viewers who do not read", f"{most:.0f} MB more, {kept:.0f} MB kept"]
            )
        print(table(["", ""], rows))


def main() -> None:
    """Measure as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=1_000)
    parser.add_argument("--people", type=int, default=1)
    parser.add_argument("--chapters", type=int, default=600)
    parser.add_argument("--lazy", type=int, default=0)
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    end_in_order()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8_192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    print(machine())
    with tempfile.TemporaryDirectory(prefix="chapterflow-benchmark-") as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
