"""Writing through the scripted server: text as it comes, corrections, cancelling, falling back, usage."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.installation import wait_for
from tests.workflow.agents.llm.conftest import QUICK
from tests.workflow.agents.llm.server import KEY, ScriptedServer
from tests.workflow.agents.llm.tasks import chunk, task
from workflow.agents.llm import RESET, ModelWriter, Timeouts, Watch
from workflow.contract.agent_types import JSON, AgentCancelled, AgentError, ChapterResult

Write = Callable[..., ChapterResult]


def shown_of(pieces: list[str]) -> str:
    """Return what a reader sees after all pieces: the text after the last reset."""
    return "".join(pieces).rpartition(RESET)[2]


@pytest.mark.parametrize("scenario", ["good", "good, in code fences"])
def test_good_chapter(scenario: str, server: ScriptedServer, write: Write) -> None:
    server.play(scenario)
    pieces: list[str] = []

    draft = write(task(), pieces.append)

    assert draft.title == "The year of the steps"
    assert draft.source_chunk_ids == ("c-1", "c-2", "c-3")
    assert draft.confidence == 0.7
    assert draft.content.startswith("The river rose")
    assert draft.content.endswith("[c-3]")
    assert "".join(pieces).strip().startswith("The river rose")
    assert shown_of(pieces).replace("```", "").strip() == draft.content


def test_key_goes_to_the_provider_alone(server: ScriptedServer, write: Write) -> None:
    draft = write(task())

    assert server.seen[0].authorization == f"Bearer {KEY}"
    assert KEY not in server.seen[0].text
    assert KEY not in repr(draft)


def test_usage_is_what_the_server_reports(server: ScriptedServer, write: Write) -> None:
    notes: list[JSON] = []

    draft = write(task(), watch=Watch(note_usage=notes.append))

    assert draft.usage["requests"] == 1
    assert (draft.usage["input_tokens"], draft.usage["output_tokens"]) == (700, 300)
    assert draft.usage["cached_tokens"] == 12
    assert notes[-1] == draft.usage


def test_usage_that_is_not_reported_is_none(server: ScriptedServer, write: Write) -> None:
    server.play("good, usage not reported")

    usage = write(task()).usage

    assert usage["input_tokens"] is None
    assert usage["not_reported"] == 1
    assert usage["estimated_input_tokens"]


def test_what_goes_in_is_noted_before_it_is_sent(server: ScriptedServer, write: Write) -> None:
    server.play("500")
    notes: list[JSON] = []

    with pytest.raises(AgentError):
        write(task(), watch=Watch(note_context=notes.append))

    assert notes[0]["sources"] == {
        "whole": ["c-1", "c-2", "c-3"], "shortened": [], "left_out": [], "altered": []
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("unknown ids", "no passages with these ids: c-998"),
        ("no closing block", "is not complete"),
        ("broken closing block", "broken or cut off"),
        ("empty", "not complete"),
        ("leaked marks", "no part of a chapter"),
        ("too long a chapter", "about 900 are wanted"),
    ],
)
def test_fault_goes_back_with_its_reason(
    fault: str, sentence: str, server: ScriptedServer, write: Write
) -> None:
    server.play(fault, "good")
    pieces: list[str] = []

    draft = write(task(), pieces.append)

    assert len(server.seen) == 2
    assert sentence in server.seen[1].text
    assert shown_of(pieces).strip() == draft.content
    assert draft.quality_metrics["corrections"] == 1
    assert draft.usage["requests"] == 2


def test_corrections_are_bounded(server: ScriptedServer, write: Write) -> None:
    server.play("unknown ids")

    with pytest.raises(AgentError, match="asked 3 times, the answer still named passages that do not exist"):
        write(task())

    assert len(server.seen) == 3


def test_length_is_accepted_after_two_corrections_and_marked(server: ScriptedServer, write: Write) -> None:
    server.play("too long a chapter")

    draft = write(task())

    assert len(server.seen) == 3
    assert draft.quality_metrics["length_fault"] == "too long"
    assert draft.quality_metrics["corrections"] == 2


def test_thinking_is_neither_shown_nor_stored(server: ScriptedServer, write: Write) -> None:
    server.play("thinks first")
    pieces: list[str] = []

    draft = write(task(), pieces.append)

    assert shown_of(pieces).strip() == draft.content
    assert draft.content.startswith("The river rose")


def test_an_answer_that_is_all_thinking_says_so(server: ScriptedServer, write: Write) -> None:
    server.play("all thinking")

    with pytest.raises(AgentError, match="spent its whole answer on thinking"):
        write(task())

    assert len(server.seen) == 1


def test_a_chapter_that_leaves_a_part_out_is_asked_for_whole(server: ScriptedServer, write: Write) -> None:
    server.play("elided", "good")

    write(task())

    assert "[The rest of the chapter continues in this way]" in server.seen[1].text
    assert "Write all of it" in server.seen[1].text


def test_another_language_goes_back_once_and_is_marked(server: ScriptedServer, write: Write) -> None:
    german = replace(task(), book_metadata={"title": "Erinnerungen", "language": "de"})

    draft = write(german)

    assert "Write in German" in server.seen[1].text
    assert len(server.seen) == 2
    assert draft.quality_metrics["language_fault"] == "English, German wanted"


@pytest.mark.parametrize("scenario", ["good", "good, in code fences", "broken closing block", "leaked marks"])
def test_closing_block_is_never_shown(scenario: str, server: ScriptedServer, write: Write) -> None:
    server.play(scenario, "good")
    pieces: list[str] = []

    write(task(), pieces.append)

    assert "<" not in "".join(pieces)
    assert "CHAPTER-META" not in "".join(pieces)


@pytest.mark.parametrize("scenario", ["slow first byte", "silent stream", "stalls"])
def test_cancel_while_the_model_is_silent(scenario: str, server: ScriptedServer) -> None:
    server.play(scenario)
    cancelled = threading.Event()
    pieces: list[str] = []
    said = "The river rose" if scenario == "stalls" else ""
    writer = ModelWriter("openai-chat:scripted", Watch(cancelled.is_set), Timeouts())

    def cancel() -> None:
        wait_for(lambda: server.seen and "".join(pieces).strip() == said)
        cancelled.set()

    timer = threading.Timer(0.3, cancel)
    timer.start()

    started = time.monotonic()
    with pytest.raises(AgentCancelled):
        writer.write(task(), pieces.append)

    # The server would be silent for 20 s.
    assert time.monotonic() - started < 10
    assert "".join(pieces).strip() == said
    timer.join()


def test_cancel_by_the_reader_of_the_text(server: ScriptedServer, write: Write) -> None:
    def refuse(text: str) -> None:
        raise AgentCancelled

    with pytest.raises(AgentCancelled):
        write(task(), refuse)


@pytest.mark.parametrize("fault", ["429 in seconds", "429 quota", "401"])
def test_next_model_of_the_list_takes_over(fault: str, server: ScriptedServer) -> None:
    server.play(fault, "good")

    draft = ModelWriter("openai-chat:first,openai-chat:second", timeouts=QUICK).write(
        task(), lambda text: None
    )

    assert [seen.body["model"] for seen in server.seen] == ["first", "second"]
    assert draft.usage["model"] == "openai-chat:second"


def test_provider_that_asked_to_slow_down_is_told_of_although_another_wrote(server: ScriptedServer) -> None:
    waits: dict[str, float | None] = {}
    server.play("429 in seconds", "good")

    ModelWriter(
        "openai-chat:first,openai-chat:second", Watch(note_rate_limit=waits.__setitem__), QUICK
    ).write(task(), lambda text: None)

    assert waits == {"openai-chat:first": 7}


@pytest.mark.parametrize("fault", ["429 in mid-stream", "cut in mid-stream", "500", "filter with 400"])
def test_no_falling_back_after_text_or_for_other_faults(fault: str, server: ScriptedServer) -> None:
    server.play(fault, "good")

    with pytest.raises(AgentError):
        ModelWriter("openai-chat:first,openai-chat:second", timeouts=QUICK).write(task(), lambda text: None)

    assert len(server.seen) == 1


def test_the_failure_that_can_pass_is_reported(server: ScriptedServer) -> None:
    server.play("401", "429 in seconds")

    with pytest.raises(AgentError, match=r"first: .*second: ") as failed:
        ModelWriter("openai-chat:first,openai-chat:second", timeouts=QUICK).write(task(), lambda text: None)

    assert failed.value.code == "rate_limited"
    assert failed.value.retry_after == 7


def test_small_window_is_learnt_from_the_refusal(server: ScriptedServer, write: Write) -> None:
    long = tuple(chunk(each, "The water came in at the door of the mill. " * 40) for each in range(1, 21))
    server.play("too long for 6,000", "good")

    write(task(*long))

    first, second = (len(seen.text) for seen in server.seen[:2])
    assert second < 0.6 * first


def test_settings_that_are_sent(server: ScriptedServer, write: Write) -> None:
    write(task())

    body = server.seen[0].body
    assert body["stream"] is True
    assert body.get("max_completion_tokens", body.get("max_tokens")) == 4200


def test_many_jobs_leave_no_connection_open(server: ScriptedServer, write: Write) -> None:
    before = threading.active_count()

    for _ in range(5):
        write(task())

    deadline = time.monotonic() + 3
    while threading.active_count() > before + 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before + 1


def test_a_model_too_small_for_any_chapter_is_told_in_its_own_words(
    server: ScriptedServer, write: Write
) -> None:
    server.play("too long, llama.cpp")

    with pytest.raises(AgentError, match="exceeds the available context size"):
        write(task())

    assert len(server.seen) == 1
