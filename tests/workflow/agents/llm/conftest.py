"""What tests of the model layer may use: the scripted server and small tasks."""

from collections.abc import Callable, Iterator

import pytest

from tests.workflow.agents.llm.scripted_answers import Script
from tests.workflow.agents.llm.server import KEY, ScriptedServer
from workflow.agents.llm import ModelWriter, Timeouts, Watch
from workflow.agents.llm.providers import windows
from workflow.contract.agent_types import ChapterResult, ChapterTask

QUICK = Timeouts(silence=2.0, first_text=2.0, whole=6.0)


@pytest.fixture(scope="module")
def one_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def server(one_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """The scripted server, configured as the provider in the environment."""
    monkeypatch.setenv("OPENAI_BASE_URL", one_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    windows.forget()
    one_server.seen.clear()
    one_server.play("good")
    return one_server


@pytest.fixture
def write(server: ScriptedServer) -> Callable[..., ChapterResult]:
    """Write a chapter through the server, quickly."""

    def written(
        task: ChapterTask, on_text: Callable[[str], None] = lambda text: None, watch: Watch | None = None
    ) -> ChapterResult:
        return ModelWriter("openai-chat:scripted", watch, QUICK).write(task, on_text)

    return written


@pytest.fixture
def script(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Script:
    """What the scripted server says to questions whose answer is an object."""
    return Script(server, monkeypatch)
