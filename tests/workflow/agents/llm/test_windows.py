"""How many tokens a model takes at once: said by the installation, by the model itself, or known of it."""

from collections.abc import Callable, Iterator

import pytest

from chapterflow_site.checks.installation import check_windows
from tests.workflow.agents.llm.conftest import QUICK
from tests.workflow.agents.llm.server import ScriptedServer
from tests.workflow.agents.llm.tasks import chunk, task
from workflow.agents.llm import ModelWriter, Watch
from workflow.agents.llm.providers import windows
from workflow.agents.llm.providers.windows import UnreadableWindows, Window, read_windows, window_for
from workflow.contract.agent_types import ChapterResult

LONG = "The water came in at the door of the mill. " * 300


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    windows.forget()
    yield
    windows.forget()


def test_setting_names_models_with_colons_and_slashes() -> None:
    said = read_windows("ollama:llama3:8b=8_192, vllm:my/model=32768,")

    assert said == {"ollama:llama3:8b": 8192, "vllm:my/model": 32768}


@pytest.mark.parametrize(
    "text", ["llama3=8192", "ollama:llama3", "ollama:llama3=many", "a:b=7", "a:b=9999999999"]
)
def test_setting_that_cannot_be_read_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableWindows):
        read_windows(text)

    monkeypatch.setenv("CHAPTERFLOW_MODEL_WINDOW", text)
    assert [message.id for message in check_windows(None)] == ["chapterflow.E019"]
    assert window_for("ollama:llama3", None) == Window()


def test_what_a_person_says_counts_before_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPTERFLOW_MODEL_WINDOW", "openai:gpt-x=8192")

    assert window_for("openai:gpt-x", 128_000) == Window(8192, "setting")
    assert window_for("openai:gpt-y", 128_000) == Window(128_000, "profile")
    assert check_windows(None) == []


def test_smaller_window_that_a_model_named_counts_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPTERFLOW_MODEL_WINDOW", "vllm:m=32768,vllm:n=2048")
    windows.learn("vllm:m", 8192)
    windows.learn("vllm:n", 8192)

    assert window_for("vllm:m", None) == Window(8192, "answer")
    assert window_for("vllm:n", None) == Window(2048, "setting")


def test_window_is_learned_from_an_overflow(
    server: ScriptedServer, write: Callable[..., ChapterResult]
) -> None:
    server.play("too long for 6,000", "good")
    long = task(*(chunk(each, LONG) for each in range(1, 6)))

    write(long)
    write(long)

    sizes = [len(each.text) for each in server.seen[-2:]]
    assert sizes[0] == sizes[1] < len(server.seen[0].text)
    assert window_for("openai-chat:scripted", None) == Window(6000, "answer")


SHOWN = {"model_info": {"llama.context_length": 131_072}, "parameters": 'stop "x"\nnum_ctx    6144'}
LOADED = {
    "models": [{"name": "scripted:latest", "context_length": 5120}, {"name": "other", "context_length": 1}]
}


@pytest.mark.parametrize(
    ("told", "window"),
    [
        ({"/api/show": SHOWN}, Window(6144, "server")),
        ({"/api/show": SHOWN, "/api/ps": LOADED}, Window(5120, "server")),
        ({"/api/show": {**SHOWN, "parameters": ""}}, Window(4096, "server")),
        ({"/api/show": {"model_info": {"tiny.context_length": 3500}}}, Window(3500, "server")),
        (
            {"/api/show": {"model_info": [], "parameters": 3}, "/api/ps": {"models": "x"}},
            Window(4096, "server"),
        ),
        ({"/api/show": ["x"]}, Window()),
        ({}, Window()),
    ],
)
def test_an_ollama_server_is_asked_what_it_takes(
    told: dict[str, object], window: Window, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
    monkeypatch.setattr(server, "told", told)
    notes: list[dict[str, object]] = []

    ModelWriter("ollama:scripted", Watch(note_context=notes.append), QUICK).write(task(chunk(1, LONG)), print)  # type: ignore[arg-type]

    assert (notes[0]["window"], notes[0]["window_from"]) == (window.tokens, window.known_from)
    if window.tokens:
        assert len(server.seen[0].text) / 4 < window.tokens


def test_what_a_person_says_of_ollama_is_not_asked(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
    monkeypatch.setenv("CHAPTERFLOW_MODEL_WINDOW", "ollama:scripted=8192")
    monkeypatch.setattr(server, "told", {"/api/show": SHOWN})
    notes: list[dict[str, object]] = []

    ModelWriter("ollama:scripted", Watch(note_context=notes.append), QUICK).write(task(), print)  # type: ignore[arg-type]

    assert notes[0]["window_from"] == "setting"


def test_window_said_in_the_environment_is_kept(
    server: ScriptedServer, write: Callable[..., ChapterResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTERFLOW_MODEL_WINDOW", "openai-chat:scripted=4096")
    records: list[dict[str, object]] = []

    write(task(chunk(1, LONG)), watch=Watch(note_context=records.append))  # type: ignore[arg-type]

    assert (records[0]["window"], records[0]["window_from"]) == (4096, "setting")
    assert (records[0]["model"], records[0]["tokens"] < 4096) == ("openai-chat:scripted", True)  # type: ignore[operator]
