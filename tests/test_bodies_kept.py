"""Large bodies of all senders together take a bounded part of the disk, and give it back however they end."""

from collections.abc import Iterator
from unittest.mock import MagicMock

import pytest
from pytest_django import Settings

from chapterflow_site.web.channel import AnsweringChannel
from chapterflow_site.web.gate import FORM_BYTES
from chapterflow_site.web.request import BoundedRequest

PART = b"x" * 100_000
MOST = 10 * FORM_BYTES


@pytest.fixture(autouse=True)
def small(settings: Settings) -> Iterator[None]:
    settings.CHAPTERFLOW_UPLOAD_BYTES = 0
    yield
    assert BoundedRequest.kept_in_all == 0


def begun(parts: int = 0) -> BoundedRequest:
    """Return the request of somebody who is known, with so many parts of its body."""
    request = BoundedRequest(MagicMock())
    request._is_known = True
    request.gotLength(None)
    for _ in range(parts):
        request.handleContentChunk(PART)
    return request


def answers(request: BoundedRequest) -> bytes:
    return b"".join(call.args[0] for call in request.channel.transport.write.call_args_list)


def test_one_too_many_is_sent_away_and_small_ones_are_taken() -> None:
    # The first part of each is no more than anybody may send.
    others = [begun(parts=10) for _ in range(11)]
    assert BoundedRequest.kept_in_all == 99 * len(PART)

    last, small = begun(parts=4), begun(parts=1)

    assert answers(last).startswith(b"HTTP/1.1 503 ")
    assert b"Upload it again" in answers(last)
    last.channel.loseConnection.assert_called_once_with()
    assert not small.is_refused
    assert BoundedRequest.kept_in_all <= MOST
    for request in [*others, last, small]:
        request.connectionLost(None)


def test_room_is_given_back_once_by_what_is_refused_or_has_gone() -> None:
    refused, gone = begun(parts=11), begun(parts=5)
    assert refused.is_refused

    gone.connectionLost(None)
    gone._let_go()
    refused.connectionLost(None)


def test_who_is_refused_is_not_asked_to_go_on() -> None:
    channel = MagicMock(spec=AnsweringChannel)
    channel.requests, channel.transport = [begun()], MagicMock()

    AnsweringChannel._send100Continue(channel)
    channel.requests[0].is_refused = True
    AnsweringChannel._send100Continue(channel)

    channel.transport.write.assert_called_once_with(b"HTTP/1.1 100 Continue\r\n\r\n")
    channel.requests[0].connectionLost(None)
