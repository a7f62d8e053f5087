"""Questions whose answer is an object: asked for in the model's best way, checked, corrected, bounded."""

import threading
import time

import pytest
from pydantic import Field

from tests.workflow.agents.llm.conftest import QUICK
from tests.workflow.agents.llm.scripted_answers import Script, refuses_forms, says
from tests.workflow.agents.llm.server import KEY
from workflow.agents.llm import Timeouts, Watch, structured
from workflow.agents.llm.calls.watch import Quote
from workflow.agents.llm.structured import Adviser, Bounded, Inquiry
from workflow.contract.agent_types import JSON, AgentCancelled, AgentError
from workflow.contract.failures import Failure

MODEL = "openai-chat:scripted"
GOOD = {"words": ["river", "mill"]}


class Words(Bounded):
    """At most three short words."""

    words: list[str] = Field(max_length=3)


class Short(Bounded):
    """A short text."""

    text: str = Field(max_length=10)


INQUIRY = Inquiry(
    "You look for words.", "<<<BEGIN TEXT>>>\nThe mill by the river\n<<<END TEXT>>>", Words, 300
)


def ask(watch: Watch | None = None, inquiry: Inquiry[Words] = INQUIRY, until: float | None = None) -> Words:
    return Adviser((MODEL,), until, QUICK).ask(inquiry, watch or Watch())


@pytest.fixture
def tool_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the model be one that knows tools only."""
    monkeypatch.setattr(structured, "best_mode", lambda model: "tool")


def test_form_is_asked_for_by_its_schema(script: Script) -> None:
    script.say(GOOD)

    answer = ask()

    assert answer.words == ["river", "mill"]
    sent = script.server.seen[0].body
    assert sent["response_format"]["json_schema"]["schema"]["properties"]["words"]["maxItems"] == 3  # type: ignore[index]
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == 300


@pytest.mark.usefixtures("tool_model")
def test_model_without_schemas_is_given_a_tool(script: Script) -> None:
    script.say(GOOD)

    answer = ask()

    assert answer.words == ["river", "mill"]
    assert "response_format" not in script.server.seen[0].body
    assert script.server.seen[0].body["tool_choice"] == "required"


def test_model_without_both_is_asked_in_words(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structured, "best_mode", lambda model: "prompted")
    script.say("Here it is:\n```json\n" + '{"words": ["river"]}' + "\n```")

    answer = ask()

    assert answer.words == ["river"]
    assert not {"response_format", "tools"} & set(script.server.seen[0].body)
    assert '"maxItems": 3' in script.server.seen[0].text


def test_server_that_knows_no_forms_is_asked_in_words_from_then_on(script: Script) -> None:
    script.play(refuses_forms(GOOD))
    adviser = Adviser((MODEL,), None, QUICK)

    answers = [adviser.ask(INQUIRY, Watch()), adviser.ask(INQUIRY, Watch())]

    assert [answer.words for answer in answers] == [["river", "mill"]] * 2
    assert ["response_format" in seen.body for seen in script.server.seen] == [True, False, False]


def test_fault_of_a_server_that_has_answered_before_is_a_fault(script: Script) -> None:
    script.play(says(GOOD), "500")
    adviser = Adviser((MODEL,), None, QUICK)
    adviser.ask(INQUIRY, Watch())

    with pytest.raises(AgentError) as caught:
        adviser.ask(INQUIRY, Watch())

    assert caught.value.code == "provider_error"
    assert len(script.server.seen) == 2


def test_broken_answers_are_corrected_twice_with_what_is_wrong(script: Script) -> None:
    script.say('{"words": ["river"', {"words": ["a", "b", "c", "d"]}, GOOD)

    answer = ask()

    assert answer.words == ["river", "mill"]
    told = [seen.messages[-1]["content"] for seen in script.server.seen]
    assert "not one whole JSON object" in str(told[1])
    assert "words: List should have at most 3 items" in str(told[2])


@pytest.mark.parametrize(
    "answer",
    [
        {"words": ["x"] * 4},
        {"words": "river"},
        {"words": [], "chapter_status": "failed"},
        "no object",
        "{" * 5000,
    ],
)
def test_answer_without_the_form_fails_after_two_corrections(script: Script, answer: JSON | str) -> None:
    script.say(answer)

    with pytest.raises(AgentError) as caught:
        ask()

    assert caught.value.code == "bad_output"
    assert len(script.server.seen) == 3


def test_text_that_is_too_long_is_no_answer(script: Script) -> None:
    script.say({"text": "x" * 11}, {"text": "x" * 10})

    answer = Adviser((MODEL,), None, QUICK).ask(Inquiry("Say it.", "Now.", Short, 100), Watch())

    assert answer.text == "x" * 10
    assert len(script.server.seen) == 2


def test_characters_that_no_database_keeps_are_taken_out(script: Script) -> None:
    script.say('{"words": ["ri\\u0000ver", "\\ud800mill"]}')

    assert ask().words == ["river", "mill"]


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("429 in seconds", "rate_limited"),
        ("429 quota", "quota_exhausted"),
        ("401", "bad_credentials"),
        ("404", "model_not_found"),
        ("500", "provider_error"),
        ("refusal", "content_filtered"),
        ("stalls", "timeout"),
        ("slow first byte", "timeout"),
        ("cut in mid-stream", "stream_broken"),
        ("clean end without a reason", "stream_broken"),
        ("too long, llama.cpp", "context_too_long"),
        ("200 with HTML", "bad_output"),
    ],
)
def test_every_fault_has_its_code_and_no_key(script: Script, scenario: str, code: str) -> None:
    script.play(scenario)

    with pytest.raises(AgentError) as caught:
        ask()

    assert caught.value.code == code
    assert KEY[3:20] not in caught.value.message


@pytest.mark.parametrize(
    ("reason", "code"), [("length", "output_too_long"), ("content_filter", "content_filtered")]
)
def test_whole_object_that_was_cut_is_a_failure(script: Script, reason: str, code: str) -> None:
    script.play(says(GOOD, reason))

    with pytest.raises(AgentError) as caught:
        ask()

    assert caught.value.code == code


def test_cancel_takes_effect_while_the_model_is_silent(script: Script) -> None:
    script.play("slow first byte")
    cancelled = threading.Event()
    threading.Timer(0.2, cancelled.set).start()
    started = time.monotonic()

    with pytest.raises(AgentCancelled):
        Adviser((MODEL,), None, Timeouts()).ask(INQUIRY, Watch(cancelled.is_set))

    # The server would be silent for 20 s.
    assert time.monotonic() - started < 10


def test_answer_that_does_not_come_in_the_time_that_is_left_is_a_timeout(script: Script) -> None:
    script.play("slow first byte")

    with pytest.raises(AgentError) as caught:
        Adviser((MODEL,), time.monotonic() + 0.2, Timeouts()).ask(INQUIRY, Watch())

    assert caught.value.code == "timeout"


def test_every_call_is_asked_for_before_and_counted_after(script: Script) -> None:
    script.say("no object", GOOD)
    quotes: list[Quote] = []
    notes: list[JSON] = []

    ask(Watch(clear=quotes.append, note_usage=notes.append))

    assert [(quote.model, quote.output_tokens) for quote in quotes] == [(MODEL, 300)] * 2
    assert quotes[1].input_tokens > quotes[0].input_tokens > 20
    assert [(note["requests"], note["input_tokens"]) for note in notes] == [
        (1, None), (1, 700), (2, 700), (2, 1400),
    ]  # fmt: skip


def test_call_that_must_not_be_made_is_not_made(script: Script) -> None:
    def refuse(quote: Quote) -> None:
        raise AgentError(Failure.BUDGET_EXCEEDED, "the limit is reached")

    with pytest.raises(AgentError) as caught:
        ask(Watch(clear=refuse))

    assert caught.value.code == "budget_exceeded"
    assert script.server.seen == []


def test_first_of_a_list_that_can_be_used_answers(script: Script) -> None:
    script.play("429 in seconds", says(GOOD))

    answer = Adviser(("openai-chat:first", "openai-chat:second"), None, QUICK).ask(INQUIRY, Watch())

    assert answer.words == ["river", "mill"]
    assert [seen.body["model"] for seen in script.server.seen] == ["first", "second"]
