"""Every way in which a provider fails, by the scripted server: its code, its wait, and no key in its words."""

import logging
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.workflow.agents.llm.conftest import QUICK
from tests.workflow.agents.llm.server import KEY, ScriptedServer
from tests.workflow.agents.llm.tasks import chunk, task
from workflow.agents.llm import ModelWriter
from workflow.agents.llm.calls.errors import classify
from workflow.agents.llm.calls.redaction import redact, safe_words
from workflow.contract.agent_types import AgentError, ChapterResult

Write = Callable[..., ChapterResult]

MATRIX = [
    ("429 in seconds", "rate_limited", 7),
    ("429 with a date", "rate_limited", 89),
    ("429 in words", "rate_limited", 1.5),
    ("429 in mid-stream", "rate_limited", None),
    ("429 quota", "quota_exhausted", None),
    ("500", "provider_error", None),
    ("502 page", "provider_error", None),
    ("503", "provider_error", None),
    ("529", "provider_error", None),
    ("error in mid-stream", "provider_error", None),
    ("401", "bad_credentials", None),
    ("403", "bad_credentials", None),
    ("404", "model_not_found", None),
    ("slow first byte", "timeout", None),
    ("silent stream", "timeout", None),
    ("stalls", "timeout", None),
    ("cut in mid-stream", "stream_broken", None),
    ("cut before the answer", "stream_broken", None),
    ("clean end without a reason", "stream_broken", None),
    ("filter with text", "content_filtered", None),
    ("filter with 400", "content_filtered", None),
    ("refusal", "content_filtered", None),
    ("cut by length", "output_too_long", None),
    ("whole, but cut by length", "output_too_long", None),
    ("all thinking", "output_too_long", None),
    ("all thinking, and stops", "output_too_long", None),
    ("elided", "bad_output", None),
    ("too long, OpenAI", "context_too_long", None),
    ("too long, llama.cpp", "context_too_long", None),
    ("200 with HTML", "bad_output", None),
    ("400", "bad_output", None),
    ("empty", "bad_output", None),
    ("no closing block", "bad_output", None),
    ("broken closing block", "bad_output", None),
    ("unknown ids", "bad_output", None),
    ("leaked marks", "bad_output", None),
]


@pytest.mark.parametrize(("scenario", "code", "retry_after"), MATRIX)
def test_every_fault_has_its_code(
    scenario: str,
    code: str,
    retry_after: float | None,
    server: ScriptedServer,
    write: Write,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.play(scenario)

    with pytest.raises(AgentError) as failed:
        write(task(chunk(1, "The hens sat on the roof of the mill all night and nobody slept.")))

    assert failed.value.code == code
    assert failed.value.retry_after == pytest.approx(retry_after, abs=2)
    said = f"{failed.value} {failed.value.message} {caplog.text}"
    assert KEY not in said
    assert KEY[3:20] not in said
    assert "hens sat on the roof" not in failed.value.message
    assert failed.value.message


def test_refused_connection(server: ScriptedServer, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{free.getsockname()[1]}/v1")

        with pytest.raises(AgentError) as failed:
            write(task())

    assert failed.value.code == "connection_refused"


def test_unknown_host(server: ScriptedServer, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.invalid/v1")

    with pytest.raises(AgentError) as failed:
        write(task())

    assert failed.value.code == "connection_refused"


def test_tls_with_a_server_that_has_none(
    server: ScriptedServer, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url.replace("http:", "https:"))

    with pytest.raises(AgentError) as failed:
        write(task())

    assert failed.value.code == "connection_refused"


def test_nothing_is_tried_again_in_here(server: ScriptedServer, write: Write) -> None:
    server.play("429 in seconds")

    with pytest.raises(AgentError):
        write(task())

    assert len(server.seen) == 1


def test_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    with pytest.raises(AgentError, match="OPENAI_API_KEY") as failed:
        ModelWriter("openai:gpt-5", timeouts=QUICK).write(task(), lambda text: None)

    assert failed.value.code == "bad_credentials"


def test_missing_base_url_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_BASE_URL", raising=False)

    with pytest.raises(AgentError, match="OLLAMA_BASE_URL is not set") as failed:
        ModelWriter("ollama:qwen3:8b", timeouts=QUICK).write(task(), lambda text: None)

    assert failed.value.code == "model_not_found"


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "workflow.agents.llm.providers.backends._is_installed", lambda package: package == "pydantic_ai"
    )

    with pytest.raises(AgentError, match=r"pip install \"pydantic-ai-slim\[anthropic\]\"") as failed:
        ModelWriter("anthropic:claude-sonnet-4-5", timeouts=QUICK).write(task(), lambda text: None)

    assert failed.value.code == "model_not_found"


def test_no_provider_is_imported_before_a_chapter_is_written() -> None:
    code = (
        "import sys, workflow.agents.llm; sys.exit('pydantic_ai' in sys.modules or 'openai' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}",
        f"Authorization: Bearer {KEY}",
        f"{{'authorization': 'Bearer {KEY}'}}",
        f"GET https://models.example/v1?key={KEY}&a=1",
        f"https://someone:{KEY}@models.example/v1",
        f"api_key={KEY}",
        f"the token {KEY} is wrong",
    ],
)
def test_keys_are_hidden(text: str) -> None:
    shown = redact(text)

    assert KEY not in shown
    assert "4f9aXb72" not in shown


def test_secrets_of_the_environment_are_hidden_whatever_they_look_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "hunter-two")

    assert "hunter-two" not in redact("no account for hunter-two here")


def test_plain_words_stay() -> None:
    said = "429: Rate limit reached for gpt-5 in organization on tokens per minute: limit 30000, used 29000."

    assert safe_words(said) == said


def test_the_prompt_is_taken_out_of_the_providers_words() -> None:
    prompt = "the hens sat on the roof of the mill all night"

    assert safe_words(f"flagged: {prompt} (violence)", prompt) == "flagged: … (violence)"


def test_an_unknown_exception_is_ours() -> None:
    assert classify(ZeroDivisionError("division by zero")).code == "internal_error"
