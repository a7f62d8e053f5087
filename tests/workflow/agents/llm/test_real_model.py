"""A real small model behind a real llama.cpp server: plumbing only, never quality.

Runs where CHAPTERFLOW_TEST_REAL_MODEL is set and the group `real-model` is installed.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.workflow.agents.llm.real_server import WINDOW, weights
from tests.workflow.agents.llm.tasks import chunk, task
from tests.workflow.sessions import let_waits_pass, new_session, statuses
from workflow.agents.llm import ModelWriter, Watch
from workflow.contract.agent_types import AgentCancelled, AgentError
from workflow.contract.failures import Failure
from workflow.engine import advance
from workflow.models import Attempt

ASKED_FOR = bool(os.environ.get("CHAPTERFLOW_TEST_REAL_MODEL"))
pytestmark = [
    pytest.mark.real_model,
    pytest.mark.skipif(not ASKED_FOR, reason="asked for with CHAPTERFLOW_TEST_REAL_MODEL=1"),
    pytest.mark.skipif(ASKED_FOR and weights() is None, reason="needs the packages of the group real-model"),
]
WRITER = "openai-chat:smollm2"
# What a model may do that does not keep to the form of an answer.
HONEST_ENDS = {Failure.BAD_OUTPUT, Failure.OUTPUT_TOO_LONG, Failure.CONTEXT_TOO_LONG}
# Small enough that a chapter takes a minute rather than five.
SMALL = 2600
SHORT = {"words_per_chapter": 150}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.workflow.agents.llm.real_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate(timeout=30)


@pytest.fixture(autouse=True)
def provider(address: str, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    settings.CHAPTERFLOW_WRITERS = [WRITER]


def test_text_streams_usage_is_reported_and_the_answer_is_judged() -> None:
    texts: list[str] = []
    used: dict[str, object] = {}
    watch = Watch(note_usage=used.update)

    with pytest.raises(AgentError) as failed:
        ModelWriter(WRITER, watch, window=WINDOW).write(task(preferences=SHORT), texts.append)

    assert failed.value.code in HONEST_ENDS
    assert len(texts) > 5
    assert isinstance(used["input_tokens"], int)
    assert used["input_tokens"] > 100
    assert used["not_reported"] == 0


def test_prompt_that_is_too_long_for_it_is_made_smaller() -> None:
    records: list[dict[str, object]] = []
    long = " ".join(f"In the year {1700 + each} the river rose as far as step {each}." for each in range(120))
    chunks = [chunk(each, long, id=f"c-{each}") for each in range(1, 6)]

    with pytest.raises(AgentError) as failed:
        watch = Watch(note_context=lambda record: records.append(dict(record)))
        ModelWriter(WRITER, watch).write(task(*chunks, preferences=SHORT), lambda text: None)

    assert failed.value.code in HONEST_ENDS
    assert records[0]["window"] is None
    assert isinstance(records[1]["window"], int)
    assert records[1]["window"] <= WINDOW


def test_cancel_stops_it() -> None:
    stop = threading.Event()
    begun: list[float] = []

    def on_text(text: str) -> None:
        if not begun:
            begun.append(time.monotonic())
            stop.set()

    with pytest.raises(AgentCancelled):
        ModelWriter(WRITER, Watch(stop.is_set), window=WINDOW).write(task(), on_text)

    assert begun


@pytest.mark.django_db(transaction=True)
def test_session_ends_as_the_contract_says_whatever_the_model_writes(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTERFLOW_MODEL_WINDOW", f"{WRITER}={SMALL}")
    session = new_session(person, 2, writer=WRITER)

    for _ in range(4):
        advance(session.pk)
        let_waits_pass(session)

    attempts = list(Attempt.objects.order_by("pk"))
    codes = {Failure(attempt.error_code) for attempt in attempts if attempt.error_code}
    assert codes <= HONEST_ENDS
    session.refresh_from_db()
    if statuses(session)[0] == "failed":
        assert session.status == "failed"
        assert statuses(session)[1] == "pending"
        assert all(attempt.partial_text for attempt in attempts)
    else:
        assert session.status == "completed"
    assert sum(attempt.usage["input_tokens"] for attempt in attempts) > 0
