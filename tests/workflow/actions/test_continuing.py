"""A storyline that is given again: which version it is, and how its session goes on."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from books.models import BookVersion
from books.storyline import read_storyline
from chapterflow_site.core.exceptions import Conflict
from tests.storylines import storyline
from tests.workflow.sessions import kinds, new_session, new_version, statuses
from workflow.actions import cancel_session, find_started, start_or_continue, start_session
from workflow.engine import advance
from workflow.engine.budget.limits import Limits
from workflow.models import ProcessingSession

FAILING = "python:tests.writers:failing"


def found(
    owner: User,
    data: bytes | None = None,
    *,
    writer: str | None = None,
    dependencies: str = "sequential",
    on_failure: str = "hold",
) -> BookVersion | None:
    document = read_storyline(data or storyline(3))
    return find_started(
        document, owner=owner, writer=writer, dependencies=dependencies, on_failure=on_failure
    )


def over_budget(person: User) -> ProcessingSession:
    session = new_session(person)
    ProcessingSession.objects.filter(pk=session.pk).update(
        paused_at=timezone.now(), pause_reason="budget", budget_tokens=1_000
    )
    session.refresh_from_db()
    return session


# ------------------------------------------------------------------ which version it is


def test_the_same_storyline_and_options_are_the_version_that_was_started(person: User) -> None:
    session = new_session(person)

    assert found(person) == session.version
    assert found(person, writer="quotations") == session.version


def test_a_version_that_was_not_started_is_not_found(person: User) -> None:
    new_version(person)

    assert found(person) is None


def test_of_several_the_newest_is_found(person: User) -> None:
    new_session(person)
    newest = new_session(person)

    assert found(person) == newest.version


@pytest.mark.parametrize(
    "other", [{"dependencies": "graph"}, {"on_failure": "skip"}, {"writer": FAILING}], ids=str
)
def test_with_other_options_it_is_another_book(person: User, other: dict[str, str]) -> None:
    new_session(person)

    assert found(person, **other) is None


def test_with_other_chapters_or_wishes_it_is_another_book(person: User) -> None:
    new_session(person)
    wishing = json.loads(storyline(3))
    wishing.setdefault("book", {})["preferences"] = {"words_per_chapter": 300}

    assert found(person, storyline(2)) is None
    assert found(person, json.dumps(wishing).encode()) is None


def test_another_persons_version_is_not_found(person: User, stranger: User) -> None:
    new_session(stranger)

    assert found(person) is None


# ------------------------------------------------------------------ how it goes on


def test_a_version_is_started_with_its_options_and_budget(person: User) -> None:
    session = start_or_continue(
        new_version(person), actor=person, on_failure="skip", limits=Limits(tokens=500)
    )

    assert (session.on_failure, session.budget_tokens) == ("skip", 500)
    assert kinds(session) == ["session_started"]


def test_what_runs_goes_on_with_the_budget_that_it_has(person: User) -> None:
    session = new_session(person)

    same = start_or_continue(session.version, actor=person, limits=Limits(tokens=500))

    assert (same.pk, same.budget_tokens) == (session.pk, None)
    assert kinds(session) == ["session_started"]


def test_a_cancelled_session_is_restarted(person: User) -> None:
    session = new_session(person)
    cancel_session(session, actor=person)

    again = start_or_continue(session.version, actor=person)

    assert again.status == "processing"
    assert kinds(session)[-1] == "session_restarted"


def test_over_its_budget_it_gets_the_larger_one(person: User) -> None:
    session = over_budget(person)

    again = start_or_continue(session.version, actor=person, limits=Limits(tokens=5_000))

    assert (again.is_paused, again.budget_tokens) == (False, 5_000)
    assert kinds(session)[-2:] == ["budget_raised", "session_resumed"]


@pytest.mark.parametrize("limits", [None, Limits(tokens=1_000)], ids=["none", "the same"])
def test_over_its_budget_it_tries_again_under_that_one(person: User, limits: Limits | None) -> None:
    session = over_budget(person)

    again = start_or_continue(session.version, actor=person, limits=limits)

    assert (again.is_paused, again.budget_tokens) == (False, 1_000)
    assert kinds(session)[-1] == "session_resumed"


def test_a_smaller_budget_is_refused(person: User) -> None:
    session = over_budget(person)

    with pytest.raises(Conflict, match="is 1,000 tokens already"):
        start_or_continue(session.version, actor=person, limits=Limits(tokens=10))


@pytest.mark.parametrize("on_failure", ["hold", "skip"])
def test_what_failed_is_retried(person: User, control: Path, on_failure: str) -> None:
    (control / "fail-2").write_text("bad_credentials")
    session = new_session(person, writer=FAILING, on_failure=on_failure)
    advance(session.pk)
    (control / "fail-2").unlink()

    start_or_continue(session.version, actor=person)
    assert "chapter_retried" in kinds(session)
    advance(session.pk)

    assert statuses(session) == ["completed"] * 3


def test_a_completed_session_stays_as_it_is(person: User) -> None:
    session = new_session(person)
    advance(session.pk)
    before = kinds(session)

    again = start_or_continue(session.version, actor=person)

    assert again.status == "completed"
    assert kinds(session) == before


def test_other_options_are_refused(person: User) -> None:
    version = new_version(person)
    start_session(version, actor=person)

    with pytest.raises(Conflict, match="another choice of on failure"):
        start_or_continue(version, actor=person, on_failure="skip")
