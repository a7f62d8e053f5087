"""The scripted model, a process of its own: streams chapters at a set pace to hundreds at once, and counts them.

    .venv/bin/python -m tests.benchmarks.flight.model --seconds 10 --tokens 1094

Prints the address for OPENAI_BASE_URL. `GET /calls` tells what it was asked. It costs little: events are made once a
call, and all streams are written by one clock.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.installation import ROOT

from .answers import chapter, events, passages_of

FIRST_SECONDS = 0.5
TICK_SECONDS = 0.02
# Streams are written in so many turns a tick, so that they do not all come at the same moment.
PHASES = 4
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@dataclass(frozen=True)
class Call:
    """One chapter that the model was asked for: when the request was there, and when its answer's last byte left."""

    chapter: str
    began: float
    ended: float | None
    prompt_bytes: int


class Stream:
    """One answer on its way."""

    def __init__(
        self, transport: asyncio.Transport, call: Call, texts: list[bytes], end: bytes, seconds: float
    ) -> None:
        self.transport = transport
        self.call = call
        self.ended: float | None = None
        self._texts = texts
        self._end = end
        self._sent = 0
        self._began = time.monotonic()
        self._first = min(FIRST_SECONDS, seconds / 2)
        self._seconds = seconds

    def write(self, now: float) -> bool:
        """Write what is due. Returns whether the answer has ended."""
        took = now - self._began
        if took < self._first:
            return False
        share = (took - self._first) / (self._seconds - self._first)
        due = min(1 + int(share * len(self._texts)), len(self._texts))
        ends = took >= self._seconds
        if due > self._sent or ends:
            self.transport.write(b"".join(self._texts[self._sent : due]) + (self._end if ends else b""))
            self._sent = due
        if ends:
            self.ended = time.time()
        return ends

    def drop_texts(self) -> None:
        """Keep only what the call was."""
        self._texts, self._sent = [], 0


class Model:
    """All streams, and the clock that writes them."""

    def __init__(self, seconds: float, tokens: int) -> None:
        self.seconds = seconds
        self.tokens = tokens
        self.streams: list[Stream] = []
        self.most = 0
        self._phases: list[set[Stream]] = [set() for _ in range(PHASES)]

    @property
    def in_flight(self) -> int:
        """How many answers are on their way."""
        return sum(map(len, self._phases))

    def begin(self, transport: asyncio.Transport, raw: bytes) -> Stream:
        """Begin the answer to a request."""
        began = time.time()
        body = json.loads(raw)
        passages = passages_of(body)
        texts, end = events(f"chatcmpl-{len(self.streams)}", chapter(passages), self.tokens, len(raw) // 4)
        call = Call(next(iter(passages)), began, None, len(raw))
        stream = Stream(transport, call, texts, end, self.seconds)
        self._phases[len(self.streams) % PHASES].add(stream)
        self.streams.append(stream)
        self.most = max(self.most, self.in_flight)
        transport.write(HEAD)
        return stream

    def forget(self, stream: Stream) -> None:
        """Write nothing more of an answer: it has ended, or nobody reads it any more."""
        for phase in self._phases:
            phase.discard(stream)
        stream.drop_texts()

    async def write_forever(self) -> None:
        """Write what is due, phase after phase."""
        turn, due = 0, time.monotonic()
        while True:
            due += TICK_SECONDS / PHASES
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            for stream in [each for each in self._phases[turn % PHASES] if each.write(now)]:
                self.forget(stream)
            turn += 1

    def told(self, *, with_calls: bool) -> bytes:
        """Return what it was asked, as JSON."""
        calls = [
            [each.call.chapter, each.call.began, each.ended, each.call.prompt_bytes]
            for each in (self.streams if with_calls else [])
        ]
        return json.dumps(
            {"count": len(self.streams), "most": self.most, "in_flight": self.in_flight, "calls": calls}
        ).encode()


class Connection(asyncio.Protocol):
    """One connection: reads requests one after the other, with as much of HTTP as a client's package sends."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._read = b""
        self._stream: Stream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Stop to answer."""
        if self._stream is not None:
            self._model.forget(self._stream)

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come whole."""
        self._read += data
        head, mark, rest = self._read.partition(b"\r\n\r\n")
        if not mark:
            return
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        if len(rest) < length:
            return
        self._read = rest[length:]
        self._answer(head, rest[:length])

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"POST "):
            self._stream = self._model.begin(self._transport, body)
            return
        told = self._model.told(with_calls=head.startswith(b"GET /calls "))
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)


class ModelProcess:
    """The scripted model as its users see it."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL has to be."""
        return f"{self.address}/v1"

    def calls(self) -> list[Call]:
        """Return all calls in the order in which they came."""
        found = self._ask("/calls")["calls"]
        assert isinstance(found, list)
        return [Call(*each) for each in found]

    def count(self, what: str) -> int:
        """Return the `count` of calls, the `most` in flight, or how many are `in_flight` now."""
        return int(str(self._ask("/")[what]))

    def _ask(self, path: str) -> dict[str, object]:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=60) as response:
            told: dict[str, object] = json.loads(response.read())
        return told


@contextmanager
def scripted_model(seconds: float, tokens: int) -> Iterator[ModelProcess]:
    """Run the model; it is gone afterwards."""
    command = [sys.executable, "-m", "tests.benchmarks.flight.model"]
    options = ["--seconds", str(seconds), "--tokens", str(tokens)]
    with subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield ModelProcess(process.stdout.readline().strip())
        finally:
            process.kill()


async def serve(model: Model) -> None:
    """Serve on a free port of loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(model), "127.0.0.1", 0, backlog=1_024)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await model.write_forever()


def main() -> None:
    """Serve as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--tokens", type=int, default=1_094)
    options = parser.parse_args()
    asyncio.run(serve(Model(options.seconds, options.tokens)))


if __name__ == "__main__":
    main()
