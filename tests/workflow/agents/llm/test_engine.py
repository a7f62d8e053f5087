"""A language model as the writer of a session: through the engine, into the database."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from tests.workflow.agents.llm.conftest import QUICK
from tests.workflow.agents.llm.server import KEY, ScriptedServer
from tests.workflow.sessions import item, let_waits_pass, new_session, statuses
from workflow.agents.llm import ModelWriter
from workflow.agents.orchestrator import AgentOrchestrator
from workflow.engine import advance
from workflow.models import Attempt

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model_writes(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let every session be written by the scripted model."""
    monkeypatch.setattr(
        AgentOrchestrator,
        "_make_writer",
        lambda self, watch: ModelWriter("openai-chat:scripted", watch, timeouts=QUICK),
    )
    return lambda: None


@pytest.mark.usefixtures("model_writes")
def test_book_is_written_by_the_model(person: User) -> None:
    session = new_session(person, 3)

    # Loading a provider's package may take longer than a slice.
    for _ in range(3):
        advance(session.pk)

    assert set(statuses(session)) <= {"generated", "harmonized", "completed"}
    revision = item(session, 2).chapter.current_revision
    assert revision is not None
    assert revision.title == "The year of the steps"
    assert [citation.chunk.key for citation in revision.citations.all()][:1] == ["c-2"]
    assert revision.usage["input_tokens"] == 700


@pytest.mark.usefixtures("model_writes")
def test_broken_stream_is_tried_again_and_its_text_is_kept(person: User, server: ScriptedServer) -> None:
    server.play("cut in mid-stream", "good")
    session = new_session(person, 1)

    advance(session.pk)
    assert statuses(session) == ["pending"]
    let_waits_pass(session)
    advance(session.pk)

    first = Attempt.objects.order_by("number").first()
    assert first is not None
    assert first.error_code == "stream_broken"
    assert first.partial_text == "The river rose as far as the third step."
    assert item(session, 1).chapter.current_revision is not None


@pytest.mark.usefixtures("model_writes")
@pytest.mark.parametrize("scenario", ["401", "429 quota", "filter with text", "404"])
def test_what_cannot_pass_fails_the_chapter_without_a_key_in_the_database(
    scenario: str, person: User, server: ScriptedServer
) -> None:
    server.play(scenario)
    session = new_session(person, 1)

    advance(session.pk)

    assert statuses(session) == ["failed"]
    stored = "".join(
        str(each.__dict__) for each in (item(session, 1), *Attempt.objects.all(), *session.events.all())
    )
    assert KEY[3:20] not in stored


@pytest.mark.usefixtures("model_writes")
def test_provider_decides_how_long_to_wait(person: User, server: ScriptedServer) -> None:
    server.play("429 in seconds")
    session = new_session(person, 1)

    advance(session.pk)

    waiting = item(session, 1)
    assert waiting.status == "pending"
    assert waiting.retry_count == 0
    assert waiting.next_attempt_at is not None
    assert waiting.finished_at is not None
    assert (waiting.next_attempt_at - waiting.finished_at).total_seconds() == pytest.approx(7, abs=0.5)
