"""What a provider streams word by word is read in bulk, and nothing of it is lost, changed or held back."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.agents.llm.providers import coalescing
from workflow.agents.llm.providers.coalescing import EventJoiner

WORDS = ("The ", "river ", "rose \u2014 ", "\U0001f30a", "data: ", "\n\n", "twice.")


def chat(text: str, **more: object) -> dict[str, object]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "choices": [choice], **more}


def anthropic(text: str) -> dict[str, object]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def responses(text: str) -> dict[str, object]:
    kind = "response.output_text.delta"
    return {"type": kind, "item_id": "m", "delta": text, "logprobs": [], "sequence_number": len(text)}


def plain(event: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def named(event: dict[str, object]) -> bytes:
    return f"event: {event['type']}\n".encode() + plain(event)


def joined(raw: bytes, cuts: Sequence[int] = ()) -> bytes:
    """Return the stream as it is handed on when it comes in pieces, cut at these places."""
    joiner, places = EventJoiner(), [0, *sorted({cut % (len(raw) + 1) for cut in cuts}), len(raw)]
    pieces = [raw[start:end] for start, end in itertools.pairwise(places)]
    return b"".join([*map(joiner.feed, pieces), joiner.rest()])


def events(raw: bytes) -> list[dict[str, object]]:
    return [json.loads(each.partition(b"data:")[2]) for each in raw.split(b"\n\n") if each]


FORMS = {
    "chat": (plain, chat, lambda event: event["choices"][0]["delta"]["content"]),
    "anthropic": (named, anthropic, lambda event: event["delta"]["text"]),
    "responses": (named, responses, lambda event: event["delta"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_words_of_one_piece_become_one_event(form: str) -> None:
    write, make, text_of = FORMS[form]
    raw = b"".join(write(make(word)) for word in WORDS)

    (event,) = events(joined(raw))

    assert text_of(event) == "".join(WORDS)
    # Nothing but the text, and what counts events, differs from what was sent.
    assert set(event) == set(make(""))


@given(cuts=st.lists(st.integers(0, 10_000), max_size=8))
@pytest.mark.parametrize("form", FORMS)
def test_text_is_whole_wherever_the_stream_is_cut(form: str, cuts: list[int]) -> None:
    write, make, text_of = FORMS[form]
    raw = b"".join(write(make(word)) for word in WORDS)

    assert "".join(text_of(event) for event in events(joined(raw, cuts))) == "".join(WORDS)


def test_events_that_say_more_than_a_word_stay_as_they_are_and_where_they_are() -> None:
    role = plain({**chat(""), "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
    used = plain(chat("!", usage={"prompt_tokens": 7, "completion_tokens": 3}))
    stop = plain({**chat(""), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    wrong = plain({"error": {"message": "It went wrong", "code": "server_error"}})
    others = [role, used, stop, wrong, b": ping\n\n", b"data: [DONE]\n\n", b"retry: 3\ndata: {}\n\n"]

    for other in others:
        raw = plain(chat("a")) + plain(chat("b")) + other + plain(chat("c"))
        before, found, after = joined(raw).partition(other)
        assert (events(before), found, after) == ([chat("ab")], other, plain(chat("c")))


def test_reasoning_is_not_joined_to_text() -> None:
    thought = {**chat(""), "choices": [{"index": 0, "delta": {"reasoning_content": "so"}}]}
    answer = {**chat(""), "choices": [{"index": 0, "delta": {"content": "so"}}]}

    assert joined(plain(thought) * 2 + plain(answer)).count(b"data:") == 2


@pytest.mark.parametrize("tail", [b'data: {"choices": [', b"not an event", b"data: [DONE]"])
def test_stream_that_breaks_off_keeps_its_last_bytes(tail: bytes) -> None:
    assert joined(plain(chat("a")) + tail) == plain(chat("a")) + tail


class Scripted(httpx2.AsyncByteStream):
    """A stream whose pieces come in one after the other, read or not, and perhaps a fault at its end."""

    def __init__(self, pieces: Sequence[bytes], pause: float, fault: Exception | None = None) -> None:
        self._pieces, self._pause, self._fault = pieces, pause, fault
        self.readers = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        began = time.monotonic()
        for at, piece in enumerate(self._pieces, 1):
            assert self.readers == 0
            self.readers += 1
            try:
                await asyncio.sleep(max(0.0, began + at * self._pause - time.monotonic()))
            finally:
                self.readers -= 1
            yield piece
        if self._fault is not None:
            raise self._fault

    async def aclose(self) -> None:
        assert self.readers == 0


async def read(stream: httpx2.AsyncByteStream, most: int = 10_000) -> list[bytes]:
    pieces = []
    async for piece in coalescing._CoalescedStream(stream):
        pieces.append(piece)
        if len(pieces) == most:
            break
    return pieces


def test_stream_is_handed_on_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "GATHERING_SECONDS", 0.05)
    words = [plain(chat(f"{number} ")) for number in range(60)]

    pieces = asyncio.run(read(Scripted(words, 0.01)))

    assert 4 < len(pieces) < 40
    assert "".join(str(FORMS["chat"][2](event)) for event in events(b"".join(pieces))) == "".join(
        f"{number} " for number in range(60)
    )


def test_what_came_before_a_fault_is_handed_on_before_it() -> None:
    stream = Scripted([plain(chat("a"))], 0.01, httpx2.ReadError("gone"))
    seen: list[bytes] = []

    async def run() -> None:
        async for piece in coalescing._CoalescedStream(stream):
            seen.append(piece)

    with pytest.raises(httpx2.ReadError):
        asyncio.run(run())
    assert seen == [plain(chat("a"))]


def test_streams_that_have_ended_make_no_other_wait_longer() -> None:
    async def run() -> tuple[float, float]:
        coalesced = [coalescing._CoalescedStream(Scripted([plain(chat("a"))], 0.01)) for _ in range(64)]
        readers = [each.__aiter__() for each in coalesced]
        await asyncio.gather(*(anext(reader) for reader in readers))
        meanwhile = coalescing._gathering_seconds()
        for each in coalesced:
            await each.aclose()
        return meanwhile, coalescing._gathering_seconds()

    meanwhile, afterwards = asyncio.run(run())
    assert (meanwhile, afterwards) == (coalescing.LONGEST_GATHERING_SECONDS, coalescing.GATHERING_SECONDS)


def test_reader_that_stops_early_can_go_on_and_can_close() -> None:
    stream = Scripted([plain(chat(str(number))) for number in range(9)], 0.02)

    async def run() -> bytes:
        coalesced = coalescing._CoalescedStream(stream)
        first = await anext(coalesced.__aiter__())
        second = await anext(coalesced.__aiter__())
        await coalesced.aclose()
        return first + second

    texts = [FORMS["chat"][2](event) for event in events(asyncio.run(run()))]
    assert "".join(map(str, texts)).startswith("01")
