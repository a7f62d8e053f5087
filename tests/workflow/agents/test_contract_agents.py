"""Whatever an agent does with its thread, its text and its time, the attempt ends and the claim is settled."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from tests.workflow.sessions import item, new_session, statuses
from workflow.contract.agent_types import AgentCancelled, ChapterTask, OnText
from workflow.engine import advance
from workflow.engine.runs import attempts
from workflow.models import Attempt
from workflow.notify import local

PLAIN = "python:tests.writers:plain"
Write = Callable[[ChapterTask, OnText], object]


@pytest.fixture
def writes(control: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Write], None]:
    """Let the plain writer write as the test says."""

    def set_to(write: Write) -> None:
        monkeypatch.setattr(
            "tests.writers.PlainWriter.write", lambda self, task, on_text: write(task, on_text)
        )

    return set_to


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds a writer back; opened at the test's end at the latest."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("text", [None, 5, b"bytes", ["list"]])
def test_partial_text_that_is_no_text_fails_the_attempt(
    person: User, writes: Callable[[Write], None], text: object
) -> None:
    def write(task: ChapterTask, on_text: OnText) -> object:
        on_text("The river ")
        on_text(text)  # type: ignore[arg-type]
        return {"markdown": "Told."}

    writes(write)
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.error_code, attempt.partial_text) == (
        "failed", "writer_error", "The river ",
    )  # fmt: skip
    assert statuses(session) == ["pending"]


def test_writer_that_gives_up_by_itself_fails_its_attempt(
    person: User, writes: Callable[[Write], None]
) -> None:
    def write(task: ChapterTask, on_text: OnText) -> object:
        raise AgentCancelled

    writes(write)
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    assert Attempt.objects.get().outcome == "failed"
    assert statuses(session) == ["pending"]


@pytest.mark.django_db(transaction=True)
def test_writer_that_never_stops_talking_ends_at_its_time_limit(
    writes: Callable[[Write], None], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAPTERFLOW_ATTEMPT_SECONDS = 1
    monkeypatch.setattr(attempts, "LONGEST_PARTIAL_TEXT", 1_000)

    def write(task: ChapterTask, on_text: OnText) -> object:
        while True:
            on_text("and ")

    writes(write)
    session = new_session(User.objects.create_user("emm"), 1, writer=PLAIN)
    worker = threading.Thread(target=lambda: [advance(session.pk), connection.close()], daemon=True)
    worker.start()
    worker.join(timeout=15)

    assert not worker.is_alive()
    attempt = Attempt.objects.get()
    assert attempt.error_code == "timeout"
    assert 0 < len(attempt.partial_text) <= 1_000


def test_empty_text_and_unkeepable_text_do_no_harm(person: User, writes: Callable[[Write], None]) -> None:
    def write(task: ChapterTask, on_text: OnText) -> object:
        for text in ["", "\x00", "\ud800", "kept"]:
            on_text(text)
        raise RuntimeError

    writes(write)
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    assert Attempt.objects.get().partial_text == "kept"


@pytest.mark.django_db(transaction=True)
def test_writer_that_returns_after_its_time_limit_changes_nothing(
    writes: Callable[[Write], None], settings: Settings, gate: threading.Event
) -> None:
    settings.CHAPTERFLOW_ATTEMPT_SECONDS = 1
    ended = threading.Event()

    def write(task: ChapterTask, on_text: OnText) -> object:
        gate.wait(10)
        ended.set()
        return {"markdown": "Too late."}

    writes(write)
    session = new_session(User.objects.create_user("emm"), 1, writer=PLAIN)
    advance(session.pk)
    gate.set()
    assert ended.wait(5)

    assert item(session, 1).error_code == "timeout"
    assert not item(session, 1).chapter.revisions.exists()


@pytest.mark.django_db(transaction=True)
def test_writer_is_told_to_stop_when_the_watch_breaks(
    writes: Callable[[Write], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()

    def write(task: ChapterTask, on_text: OnText) -> object:
        try:
            while True:
                on_text("and ")
                told.wait(0.01)
        except AgentCancelled:
            told.set()
            raise

    writes(write)
    monkeypatch.setattr(local, "send_preview", lambda *args: 1 / 0)
    session = new_session(User.objects.create_user("emm"), 1, writer=PLAIN)

    advance(session.pk)

    assert told.wait(5)
    assert Attempt.objects.get().error_code == "internal_error"
    assert statuses(session) == ["pending"]
