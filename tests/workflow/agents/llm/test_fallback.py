"""A list of models on two servers of two providers: who writes, and what is said of it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.workflow.agents.llm.wires import WIRES, WireServer
from tests.workflow.sessions import item, new_session, statuses
from workflow.agents.orchestrator import label_of
from workflow.engine import advance
from workflow.models import Attempt

pytest.importorskip("anthropic")

FIRST, SECOND = "anthropic:first", "vllm:second"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[tuple[WireServer, WireServer]]:
    """Two providers, of which the second writes well."""
    found = WireServer(), WireServer()
    for server, kind in zip(found, ("anthropic", "vllm"), strict=True):
        server.wire = WIRES[kind]
        for name, value in server.wire.environment(server).items():
            monkeypatch.setenv(name, value)
    settings.CHAPTERFLOW_WRITER = f"{FIRST},{SECOND}"
    settings.CHAPTERFLOW_WRITERS = []
    yield found
    for server in found:
        server.close()


@pytest.mark.parametrize("fault", ["429 in seconds", "429 quota", "401", "404"])
def test_the_second_writes_where_the_first_cannot(
    fault: str, servers: tuple[WireServer, WireServer], person: User, settings: Settings
) -> None:
    servers[0].play(fault)
    session = new_session(person, 1, writer=settings.CHAPTERFLOW_WRITER)

    advance(session.pk)

    attempt = Attempt.objects.get(item__isnull=False)
    assert attempt.outcome == "succeeded"
    assert attempt.usage["model"] == SECOND
    assert [call["model"] for call in attempt.usage["calls"]] == [FIRST, SECOND]
    assert attempt.usage["not_reported"] == 1


@pytest.mark.parametrize("fault", ["cut in mid-stream", "429 in mid-stream", "529"])
def test_the_queue_tries_again_where_the_first_had_begun_or_may_be_well_soon(
    fault: str,
    servers: tuple[WireServer, WireServer],
    person: User,
    settings: Settings,
) -> None:
    servers[0].play(fault)
    session = new_session(person, 1, writer=settings.CHAPTERFLOW_WRITER)

    advance(session.pk)

    assert statuses(session) == ["pending"]
    assert item(session, 1).next_attempt_at is not None
    assert Attempt.objects.get(item__isnull=False).usage["model"] == FIRST
    assert servers[1].seen == []


def test_all_of_them_are_named_where_none_can_write(
    servers: tuple[WireServer, WireServer], person: User, settings: Settings
) -> None:
    servers[0].play("429 quota")
    servers[1].play("401")
    session = new_session(person, 1, writer=settings.CHAPTERFLOW_WRITER)

    advance(session.pk)

    failed = item(session, 1)
    assert (failed.status, failed.error_code) == ("failed", "quota_exhausted")
    assert f"{FIRST}: 400: Your credit balance is too low" in failed.error_message
    assert f"{SECOND}: 401: Unauthorized" in failed.error_message


@pytest.mark.parametrize(
    ("writer", "label"),
    [
        ("openai:gpt-5", "Language model: gpt-5"),
        ("openai:gpt-5, anthropic:claude", "Language model: gpt-5, else claude"),
        ("ollama:qwen3:8b", "Language model: qwen3:8b"),
    ],
)
def test_list_reads_as_one(writer: str, label: str) -> None:
    assert label_of(writer) == label
