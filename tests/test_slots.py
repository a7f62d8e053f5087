"""Requests are answered a few at a time, and short ones do not wait behind long ones."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import StreamingHttpResponse
from twisted.internet.testing import StringTransport

from chapterflow_site.web.channel import AnsweringChannel
from chapterflow_site.web.request import BoundedRequest
from chapterflow_site.web.request_slots import AT_ONCE, LONG_AT_ONCE, SlottedHandler, is_long, sent_in_parts


class Crowd:
    """Answers that end when they are told to, and what was answered at once at most."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.running = self.most = 0

    async def answer(self, handler: ASGIHandler, request: SimpleNamespace) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        if is_long(request.path):
            await self.end.wait()
        else:
            await asyncio.sleep(0)
        self.running -= 1
        return request.path


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    found = Crowd()
    monkeypatch.setattr(ASGIHandler, "run_get_response", lambda self, request: found.answer(self, request))
    return found


@pytest.mark.asyncio
async def test_few_are_answered_at_once_and_all_in_the_end(crowd: Crowd) -> None:
    handler = SlottedHandler()

    answers = await asyncio.gather(*(handler.run_get_response(SimpleNamespace(path="/")) for _ in range(100)))

    assert len(answers) == 100
    assert crowd.most == AT_ONCE


@pytest.mark.asyncio
async def test_short_ones_wait_behind_no_long_ones(crowd: Crowd) -> None:
    handler = SlottedHandler()
    export = SimpleNamespace(path="/books/river/v1/export/epub/")
    long = [asyncio.ensure_future(handler.run_get_response(export)) for _ in range(20)]
    await asyncio.sleep(0)

    short = await asyncio.wait_for(handler.run_get_response(SimpleNamespace(path="/")), 10)

    assert short == "/"
    assert crowd.running == LONG_AT_ONCE
    crowd.end.set()
    assert len(await asyncio.gather(*long)) == 20


@pytest.mark.parametrize(
    "path",
    [
        "/upload/",
        "/books/river/v1/export/epub/",
        "/api/books/river/versions/v1/export/json",
        "/api/books/river/storyline",
        "/api/books/river/chunks",
        "/api/check-writer",
        "/books/river/v1/check-writer/",
        "/api/start-book-generation/river",
        "/books/river/v1/start/",
        "/books/river/v1/review/keep/",
        "/books/river/delete/",
    ],
)
def test_what_may_take_long_has_slots_of_its_own(path: str) -> None:
    assert is_long(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/books/river/v1/board/",
        "/books/river/v1/review/",
        "/api/books/river",
        "/help/",
        "/books/export-2/",
    ],
)
def test_pages_are_short(path: str) -> None:
    assert not is_long(path)


@pytest.mark.asyncio
async def test_long_answer_is_read_part_by_part() -> None:
    read: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(3):
            read.append(number)
            yield b"%d" % number

    sent = [(part, list(read)) async for part in aiter(sent_in_parts(StreamingHttpResponse(parts())))]

    assert sent == [(b"0", [0]), (b"1", [0, 1]), (b"2", [0, 1, 2])]


@pytest.mark.asyncio
async def test_long_answer_waits_for_its_reader() -> None:
    channel = AnsweringChannel()
    channel.factory = SimpleNamespace(server=Mock(server_name=""))
    channel.makeConnection(StringTransport())
    request = BoundedRequest(channel)
    request.clientproto, request.method, request.uri = b"HTTP/1.1", b"GET", b"/"
    request.handle_reply({"type": "http.response.start", "status": 200})
    request.handle_reply({"type": "http.response.body", "body": b"first", "more_body": True})

    channel.pauseProducing()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(request.valve.wait(), 0.01)
    channel.resumeProducing()
    await request.valve.wait()
