"""Checking a connection: what is right and what is wrong, step by step, in bounded time and without a key."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.workflow.agents.llm.addresses import ADDRESSES
from tests.workflow.agents.llm.server import KEY
from tests.workflow.agents.llm.wires import WIRES, Wire, WireServer
from workflow.agents.checkup import Report, check_backends, check_role
from workflow.agents.llm import check
from workflow.contract.agent_types import AgentCancelled

for _package in ("anthropic", "google.genai", "mistralai"):
    pytest.importorskip(_package)

Check = Callable[..., Report]
CHAT = WIRES["openai-chat"]


@pytest.fixture(scope="module")
def one_server() -> Iterator[WireServer]:
    server = WireServer()
    yield server
    server.close()


@pytest.fixture
def server(one_server: WireServer, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> WireServer:
    """The scripted server, speaking OpenAI's chat form, configured and allowed."""
    settings.CHAPTERFLOW_WRITERS = [f"{kind}:*" for kind in WIRES]
    one_server.seen.clear()
    one_server.wire = CHAT
    for name, value in CHAT.environment(one_server).items():
        monkeypatch.setenv(name, value)
    return one_server


@pytest.fixture
def checked(server: WireServer) -> Check:
    """Check a model while the server plays a scenario."""

    def report(scenario: str, writer: str = CHAT.writer) -> Report:
        server.play(scenario)
        (found,) = check_backends(writer)
        return found

    return report


def wrong(report: Report) -> tuple[str, str]:
    """Return name and sentence of the step that is wrong, which is the last."""
    assert [step.is_well for step in report.steps] == [True] * (len(report.steps) - 1) + [False]
    return report.steps[-1].name, report.steps[-1].sentence


@pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.kind)
def test_all_is_well(wire: Wire, server: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.wire = wire
    server.play("good")
    for name, value in wire.environment(server).items():
        monkeypatch.setenv(name, value)

    (report,) = check_backends(wire.writer)

    assert report.is_well
    names = [step.name for step in report.steps]
    assert names == [
        "Allowed",
        "Package",
        "Address",
        "Key",
        "Connection",
        "Access",
        "Model",
        "Answer",
        "Usage",
    ]
    assert report.steps[-1].sentence == "It says how much it used: 700 tokens in, 300 out."
    assert len(server.seen) == 1
    assert "16" in json.dumps(server.seen[0].body)


@pytest.mark.parametrize(
    ("scenario", "name", "sentence"),
    [
        ("401", "Access", "The provider does not accept the key."),
        ("404", "Model", "The provider has no model scripted."),
        ("429 in seconds", "Answer", "The provider asked us to slow down."),
        ("429 quota", "Answer", "The account with the provider is used up."),
        ("500", "Answer", "The provider had a fault of its own."),
        ("529", "Answer", "The provider had a fault of its own."),
        ("cut in mid-stream", "Answer", "The answer broke off in the middle."),
        ("filter with text", "Answer", "The provider refused this content."),
        ("200 with HTML", "Answer", "What answers there could not be understood."),
        ("clean end without a reason", "Answer", "The answer broke off in the middle."),
    ],
)
def test_what_is_wrong_is_said(scenario: str, name: str, sentence: str, checked: Check) -> None:
    report = checked(scenario)

    assert wrong(report) == (name, sentence)
    assert report.steps[-1].advice.endswith(".")
    assert report.steps[-1].detail
    assert KEY[3:20] not in repr(report)


def test_answer_without_a_word_is_none(checked: Check) -> None:
    assert wrong(checked("empty")) == ("Answer", "It answered without a word.")


@pytest.mark.parametrize("scenario", ["cut by length", "good, usage not reported"])
def test_what_is_no_fault(scenario: str, checked: Check) -> None:
    assert checked(scenario).is_well


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("connection refused", "Nobody answers at this address."),
        ("unknown name", "Nobody knows a machine of this name."),
        ("certificate nobody signed", "No safe connection could be made."),
        ("no TLS there", "No safe connection could be made."),
    ],
)
def test_address_where_nobody_answers(
    where: str, sentence: str, checked: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ADDRESSES[where][0]() as address:
        monkeypatch.setenv(CHAT.address, f"{address}/v1")

        assert wrong(checked("good")) == ("Connection", sentence)


@pytest.mark.parametrize(
    ("writer", "unset", "name", "says"),
    [
        ("vllm:own", ("VLLM_BASE_URL",), "Address", "VLLM_BASE_URL"),
        ("openai:gpt-5", ("OPENAI_BASE_URL", "OPENAI_API_KEY"), "Key", "OPENAI_API_KEY"),
        ("google:gemini", ("GOOGLE_API_KEY", "GEMINI_API_KEY"), "Key", "GOOGLE_API_KEY"),
    ],
)
def test_what_is_not_set_is_named(
    writer: str,
    unset: tuple[str, ...],
    name: str,
    says: str,
    checked: Check,
    server: WireServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in unset:
        monkeypatch.delenv(variable, raising=False)

    step, sentence = wrong(checked("good", writer))

    assert step == name
    assert says in sentence
    assert server.seen == []


def test_missing_package_says_what_to_install(checked: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "is_installed", lambda provider: False)

    report = checked("good", "mistral:small")

    assert wrong(report)[0] == "Package"
    assert 'pip install "pydantic-ai-slim[mistral]"' in report.steps[-1].advice


def test_what_is_not_allowed_is_not_asked(checked: Check, server: WireServer, settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITERS = []

    assert wrong(checked("good"))[0] == "Allowed"
    assert server.seen == []


def test_silence_ends(checked: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.3)

    assert wrong(checked("slow first byte"))[0] == "Answer"


def test_it_can_be_cancelled(server: WireServer) -> None:
    server.play("slow first byte")
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()

    started = time.monotonic()
    with pytest.raises(AgentCancelled):
        check_backends(CHAT.writer, stop.is_set)

    assert time.monotonic() - started < check.CHECK_SECONDS / 2


def test_each_model_of_a_list_is_checked(server: WireServer) -> None:
    server.play("401")

    reports = check_backends("openai-chat:first,openai-chat:second")

    assert [report.backend for report in reports] == ["openai-chat:first", "openai-chat:second"]
    assert not any(report.is_well for report in reports)


@pytest.mark.parametrize(
    ("writer", "is_well"),
    [
        ("quotations", True),
        ("python:tests.writers:FailingWriter", True),
        ("python:tests.writers:nothing", False),
        ("python:there.is.none:make", False),
    ],
)
def test_writers_without_a_model(writer: str, is_well: bool, settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITERS = [writer]

    (report,) = check_backends(writer)

    assert report.is_well is is_well


def test_roles_need_not_be_allowed_as_writers(server: WireServer, settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITERS = []
    settings.CHAPTERFLOW_HARMONIZER = CHAT.writer
    server.play("good")

    assert [report.is_well for report in check_role("harmonizer")] == [True]
    assert [report.backend for report in check_role("questioner")] == ["rules"]


# ------------------------------------------------------------------ the command


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        call_command("check_writer", *arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_command_says_all_is_well(server: WireServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.play("good")

    assert run(CHAT.writer) == 0
    assert "ok    Answer: The first word came after" in capsys.readouterr().out


def test_command_says_what_is_wrong_and_what_to_do(
    server: WireServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.play("401")

    assert run(CHAT.writer) == 1
    said = capsys.readouterr().out
    assert "fault Access: The provider does not accept the key." in said
    assert "Put a valid key for this model into OPENAI_API_KEY" in said
    assert KEY[3:20] not in said


def test_command_without_a_name_checks_every_role(
    server: WireServer, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CHAPTERFLOW_QUESTIONER = CHAT.writer
    server.play("404")

    assert run() == 1
    assert run("--role", "harmonizer") == 0
    assert "openai-chat:scripted" in capsys.readouterr().out


def test_web_process_stays_without_providers() -> None:
    code = (
        "import sys, django; django.setup(); import chapterflow_site.urls; "
        "sys.exit(any(name in sys.modules for name in ('pydantic_ai', 'openai', 'anthropic')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
