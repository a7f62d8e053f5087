"""A finished chapter is stored whole, once, and never lost to a fault of the database or of a draft."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, InternalError, OperationalError

from books.models import StorylineNode, TextChunk
from books.sources import SourceRules
from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import calls, item, kinds, let_waits_pass, new_session, statuses
from workflow import transitions
from workflow.contract.agent_types import AgentError, ChapterResult
from workflow.contract.failures import Failure
from workflow.engine import advance, writing
from workflow.engine.runs import waiting
from workflow.engine.writing import write_chapter
from workflow.models import Attempt, ProcessingSession
from workflow.notify import local

PLAIN = "python:tests.writers:plain"


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once, and keep the test's connection open."""
    monkeypatch.setattr(waiting, "pausing", lambda seconds: iter(()))
    monkeypatch.setattr(waiting.connection, "close", lambda: None)


def breaking_close(monkeypatch: pytest.MonkeyPatch, errors: Iterator[Exception]) -> None:
    """Let transactions break as they close, after all their moves, as a lost connection does."""
    real = transitions.SessionTransaction.close

    def close(tx: transitions.SessionTransaction) -> None:
        real(tx)
        for error in errors:
            raise error

    monkeypatch.setattr(transitions.SessionTransaction, "close", close)


@pytest.mark.parametrize("kind", [OperationalError, InternalError])
@pytest.mark.usefixtures("no_pauses")
def test_result_is_stored_although_the_database_went_away_after_the_moves(
    person: User, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    session = new_session(person, 2)
    held = claim(session)
    breaking_close(monkeypatch, iter([kind("gone")] * 3))

    following = write_chapter(held, lambda: True)

    assert statuses(session) == ["generated", "in_progress"]
    assert following is not None
    assert kinds(session).count("chapter_generated") == 1
    assert item(session, 1).chapter.revisions.count() == 1


@pytest.mark.usefixtures("no_pauses")
def test_failure_is_stored_although_the_database_went_away_after_the_moves(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (control / "fail-1").touch()
    session = new_session(person, 1, writer="python:tests.writers:failing")
    held = claim(session)
    breaking_close(monkeypatch, iter([OperationalError("gone")] * 2))

    write_chapter(held, lambda: True)

    assert statuses(session) == ["pending"]
    assert item(session, 1).retry_count == 1


@pytest.mark.parametrize("error", [IntegrityError("twice"), DataError("unfit"), ZeroDivisionError()])
def test_result_is_stored_alone_where_the_next_claim_breaks(
    person: User, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    session = new_session(person, 2)
    held = claim(session)
    breaking_close(monkeypatch, iter([error]))

    write_chapter(held, lambda: True)

    assert statuses(session) == ["generated", "pending"]
    assert item(session, 1).chapter.revisions.count() == 1


def test_chapter_that_cannot_be_stored_is_a_failed_attempt_that_keeps_its_text(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 2)
    real = writing.store_chapter
    monkeypatch.setattr(writing, "store_chapter", lambda *args: [real(*args), 1 / 0])

    advance(session.pk)

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.error_code) == ("failed", "internal_error")
    assert "In the year 1931" in attempt.partial_text
    assert statuses(session) == ["pending", "pending"]


def test_chapter_whose_sources_cannot_be_read_is_a_failed_attempt(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 1)
    monkeypatch.setattr(writing, "chapter_task", lambda *args: 1 / 0)
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    assert item(session, 1).error_code == "internal_error"
    assert (statuses(session), item(session, 1).lost_count) == (["failed"], 0)


@pytest.mark.usefixtures("no_pauses")
def test_outage_while_the_sources_are_read_is_waited_out(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 1)
    held = claim(session)
    real = writing.chunks_of
    outages = iter([OperationalError("gone")] * 3)

    def chunks_of(node: StorylineNode, rules: SourceRules) -> list[TextChunk]:
        for error in outages:
            raise error
        return real(node, rules)

    monkeypatch.setattr(writing, "chunks_of", chunks_of)
    write_chapter(held, lambda: False)

    assert statuses(session) == ["generated"]
    assert item(session, 1).retry_count == 0


@pytest.mark.parametrize(
    "result",
    [
        {"markdown": "Told.\x00 \ud800!", "quality_metrics": {"a\x00": "\x00\ud800"}, "usage": {"n": "\x00"}},
        {"markdown": "Told.", "themes": ["\x00\ud800"], "title": "\x00\ud800"},
        {"markdown": "Told.", "quality_metrics": {"score": float("nan"), "quality_score": float("inf")}},
        ChapterResult(content="Told.", confidence=float("nan"), usage={"seen": object()}),
    ],
)
def test_draft_with_what_no_database_can_keep_is_cleaned_and_stored(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch, result: object
) -> None:
    monkeypatch.setattr("tests.writers._text", lambda task: result)
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    assert kinds(session).count("chapter_generated") == 1, item(session, 1).error_message


def circle() -> dict[str, object]:
    ring: dict[str, object] = {}
    ring["self"] = ring
    return ring


def deep() -> object:
    value: object = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    "result",
    [
        ChapterResult(content=None),  # type: ignore[arg-type]
        ChapterResult(content="Told.", themes=(1, None)),  # type: ignore[arg-type]
        ChapterResult(content="Told.", confidence="high"),  # type: ignore[arg-type]
        ChapterResult(content="Told.", source_chunk_ids=([],)),  # type: ignore[arg-type]
        {"markdown": "Told.", "usage": circle()},
        {"markdown": "Told.", "quality_metrics": {(1, 2): 3}},
        {"markdown": "Told.", "confidence": 10**400},
        {"markdown": "Told.", "quality_metrics": {"deep": deep()}},
    ],
)
def test_result_of_wrong_types_is_a_failed_attempt_at_once(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch, result: object
) -> None:
    monkeypatch.setattr("tests.writers._text", lambda task: result)
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    assert Attempt.objects.get().outcome == "failed"
    assert statuses(session) == ["pending"]


@pytest.mark.parametrize(
    "error",
    [
        AgentError("provider_error", "\x00 no \ud800"),
        AgentError("provider_error", ValueError("an error as message")),  # type: ignore[arg-type]
        AgentError("rate_limited", "later", retry_after=float("inf")),
        AgentError("rate_limited", "later", retry_after=float("nan")),
        AgentError("provider_error", "later", retry_after="tomorrow"),  # type: ignore[arg-type]
        RuntimeError("\x00 no \ud800"),
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
        RecursionError("too deep"),
    ],
)
def test_whatever_a_writer_raises_ends_its_attempt_at_once(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def broken(task: object) -> object:
        raise error

    monkeypatch.setattr("tests.writers._text", broken)
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    asked_to_wait = isinstance(error, AgentError) and error.code == Failure.RATE_LIMITED
    assert Attempt.objects.get().outcome == ("waited" if asked_to_wait else "failed")
    assert statuses(session) == ["pending"]
    assert item(session, 1).next_attempt_at is not None


def test_unusable_draft_stays_on_its_attempt(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.writers._text", lambda task: {"markdown": "Told [c-77]."})
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    assert Attempt.objects.get().partial_text == "Told [c-77]."


@pytest.mark.django_db(transaction=True)
def test_notification_that_breaks_stops_nothing(control: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("the socket is broken")

    monkeypatch.setattr(local, "send_events", broken)
    session = new_session(User.objects.create_user("emm"), 3, writer="python:tests.writers:failing")

    advance(session.pk)

    session.refresh_from_db()
    assert (session.status, calls(control)) == ("completed", [1, 2, 3])


def test_chapter_of_a_deleted_session_ends_quietly(person: User) -> None:
    session = new_session(person, 2)
    held = claim(session)
    ProcessingSession.objects.filter(pk=session.pk).delete()

    with pytest.raises(ProcessingSession.DoesNotExist):
        write_chapter(held, lambda: True)

    assert not Attempt.objects.exists()
