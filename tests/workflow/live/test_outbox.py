"""What one viewer is sent: the newest, in bearable pieces, and not for ever."""

import asyncio
import time

import pytest

from workflow.live import outbox as module
from workflow.live.outbox import MESSAGES_AT_ONCE, PIECES_PER_MESSAGE, Closed, Outbox

pytestmark = pytest.mark.asyncio


async def sent_by(outbox: Outbox, count: int) -> list[str]:
    """Run the outbox until it has sent `count` messages."""
    sent: list[str] = []
    enough = asyncio.Event()

    async def send(text: str) -> None:
        sent.append(text)
        if len(sent) == count:
            enough.set()

    running = asyncio.create_task(outbox.run(send))
    await asyncio.wait_for(enough.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return sent


async def test_only_the_newest_state_of_an_element_is_sent() -> None:
    outbox = Outbox()
    for state in "abc":
        outbox.offer({"chapter-1": f"<{state}>", "chapter-2": f"<2{state}>"}, seq=f"[{state}]")

    assert await sent_by(outbox, 1) == ["<c><2c>[c]"]


async def test_nobody_is_sent_more_than_twenty_elements_at_once() -> None:
    outbox = Outbox()
    outbox.offer({f"chapter-{n}": "<x>" for n in range(45)}, seq="[45]")

    sent = await sent_by(outbox, 3)

    assert [message.count("<x>") for message in sent] == [20, 20, 5]
    assert PIECES_PER_MESSAGE == 20


async def test_only_the_last_message_says_how_far_the_viewer_is() -> None:
    outbox = Outbox()
    outbox.offer({f"chapter-{n}": "<x>" for n in range(21)}, seq="[9]")

    first, last = await sent_by(outbox, 2)

    assert "[9]" not in first
    assert last.endswith("[9]")


async def test_text_that_is_being_written_does_not_hide_how_far_the_viewer_is() -> None:
    outbox = Outbox()
    outbox.offer({"chapter-1": "<1>"}, seq="[3]")
    outbox.offer({"chapter-1-preview": "<text>"})

    assert await sent_by(outbox, 1) == ["<1><text>[3]"]


async def test_a_viewer_with_an_empty_box_gets_the_shared_message() -> None:
    outbox = Outbox()
    outbox.offer({"chapter-1": "<1>"}, seq="[2]", ready="SHARED")

    assert await sent_by(outbox, 1) == ["SHARED"]


async def test_a_viewer_who_waits_for_more_does_not_get_the_shared_message() -> None:
    outbox = Outbox()
    outbox.offer({"chapter-1": "<1>"}, seq="[1]", ready="FIRST")
    outbox.offer({"chapter-2": "<2>"}, seq="[2]", ready="SECOND")

    assert await sent_by(outbox, 1) == ["<1><2>[2]"]


async def test_there_are_at_most_twenty_messages_a_second() -> None:
    outbox = Outbox()
    outbox.offer({f"chapter-{n}": "<x>" for n in range(20 * (MESSAGES_AT_ONCE + 6))}, seq="[1]")
    began = time.monotonic()

    await sent_by(outbox, MESSAGES_AT_ONCE + 6)

    assert time.monotonic() - began >= 0.28


async def test_a_box_never_holds_more_than_the_board_has_elements() -> None:
    outbox = Outbox()
    for round_ in range(500):
        outbox.offer({f"chapter-{n}": f"<{round_}>" for n in range(12)}, seq=f"[{round_}]")

    assert len(outbox) == 12


async def test_a_viewer_who_takes_nothing_is_closed_so_that_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SEND_SECONDS", 0.05)
    outbox = Outbox()
    outbox.offer({"chapter-1": "<1>"})

    async def never(text: str) -> None:
        await asyncio.Event().wait()

    with pytest.raises(Closed) as closed:
        await asyncio.wait_for(outbox.run(never), 5)
    assert closed.value.code == 4013


async def test_closing_ends_the_sending() -> None:
    outbox = Outbox()
    outbox.close(4401)

    async def send(text: str) -> None:
        pytest.fail("nothing is to be sent any more")

    with pytest.raises(Closed) as closed:
        await asyncio.wait_for(outbox.run(send), 5)
    assert closed.value.code == 4401


async def test_viewer_hears_something_where_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)
    outbox = Outbox()

    assert await sent_by(outbox, 2) == [" ", " "]

    outbox.offer({"chapter-1": "<x>"}, seq="[1]")
    assert await sent_by(outbox, 1) == ["<x>[1]"]
