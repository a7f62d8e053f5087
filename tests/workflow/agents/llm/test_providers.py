"""Every provider in its own wire form, through its own package: good chapters, and every way of failing."""

import logging
from collections.abc import Iterator

import pytest
from pydantic_ai.exceptions import ModelAPIError

from tests.workflow.agents.llm import matrix
from tests.workflow.agents.llm.matrix import PRIVATE, Case
from tests.workflow.agents.llm.server import KEY
from tests.workflow.agents.llm.wires import WIRES, Wire, WireServer
from workflow.agents.llm.calls.errors import classify

for _package in ("anthropic", "google.genai", "mistralai"):
    pytest.importorskip(_package)

CASES = list(matrix.cases())


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    server = WireServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def nothing_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize("case", [case for case in CASES if case.code], ids=str)
def test_every_fault_has_its_code(case: Case, server: WireServer, caplog: pytest.LogCaptureFixture) -> None:
    outcome = matrix.run(case, server)

    assert outcome.code == case.code
    assert outcome.error is not None
    assert outcome.error.retry_after == pytest.approx(case.retry_after, abs=2)
    assert outcome.error.message
    said = f"{outcome.error} {outcome.error.message}"
    assert KEY[3:20] not in f"{said} {caplog.text}"
    assert PRIVATE[:20] not in f"{said} {caplog.text}"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("case", [case for case in CASES if not case.code], ids=str)
def test_good_chapter_with_its_usage(case: Case, server: WireServer) -> None:
    outcome = matrix.run(case, server)

    assert outcome.draft is not None
    assert outcome.draft.source_chunk_ids == ("c-1", "c-2", "c-3")
    counted = (outcome.usage["input_tokens"], outcome.usage["output_tokens"], outcome.usage["cached_tokens"])
    assert counted == ((700, 300, 12) if case.scenario == "good" else (None, None, None))
    assert outcome.usage["model"] == case.wire.writer


@pytest.mark.parametrize(
    "words",
    [
        "Failed to decode response as JSON. Raw response: {text}",
        "Unexpected response received: Status 200 Content-Type text/plain. Body: {text}",
        "1 validation error: body.data Field required [type=missing, input_value={text}, input_type=dict]",
    ],
)
def test_answer_that_could_not_be_read_is_not_repeated(words: str) -> None:
    said = classify(ModelAPIError("scripted", words.format(text="And so the mill stood still."))).message

    assert said
    assert "mill" not in said


@pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.kind)
def test_key_goes_to_the_provider_alone_and_once(wire: Wire, server: WireServer) -> None:
    server.seen.clear()

    matrix.run(Case(wire, "429 in seconds", "rate_limited", 7), server)

    assert [seen.authorization.removeprefix("Bearer ") for seen in server.seen] == [KEY]
    assert KEY not in server.seen[0].path
    assert KEY not in str(server.seen[0].body)


@pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.kind)
def test_small_window_is_learnt_from_the_refusal(wire: Wire, server: WireServer) -> None:
    outcome = matrix.run(Case(wire, "too long", "context_too_long", None), server)

    # A window of 640 tokens has room for no chapter: nothing is sent again. Ollama does not say how large it is.
    assert outcome.requests == (2 if wire.kind == "ollama" else 1)
