"""Starting, pausing, resuming, cancelling, retrying, deleting."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from books.models import Book
from chapterflow_site.core.exceptions import Conflict, Invalid
from tests.workflow.sessions import calls, item, kinds, let_waits_pass, new_session, new_version, statuses
from workflow.actions import (
    cancel_session,
    delete_book,
    pause_session,
    resume_session,
    retry_chapter,
    retry_session,
    start_session,
)
from workflow.engine import advance
from workflow.models import ProcessingSession


def failed_session(person: User, control: Path, number: int = 2, chapters: int = 3) -> ProcessingSession:
    (control / f"fail-{number}").touch()
    session = new_session(person, chapters, writer="python:tests.writers:failing")
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)
    return session


def test_starting_twice_is_one_session(person: User) -> None:
    version = new_version(person)

    first, created = start_session(version, actor=person)
    second, again = start_session(version, actor=person)

    assert (created, again) == (True, False)
    assert first.pk == second.pk
    assert kinds(first) == ["session_started"]


def test_starting_with_other_options_is_refused(person: User) -> None:
    version = new_version(person)
    start_session(version, actor=person, dependencies="sequential")

    with pytest.raises(Conflict, match="another choice of dependencies"):
        start_session(version, actor=person, dependencies="graph")


def test_writer_that_is_not_offered_is_refused_and_nothing_is_made(person: User) -> None:
    version = new_version(person)

    with pytest.raises(Invalid):
        start_session(version, actor=person, writer="python:os:system")

    assert not ProcessingSession.objects.exists()
    assert not version.chapters.exists()


def test_chapters_are_named_after_book_version_and_number(person: User) -> None:
    session = new_session(person, 2)

    names = list(session.version.chapters.values_list("chapter_id", flat=True))

    assert names == ["the-river_v1_chapter_1", "the-river_v1_chapter_2"]


def test_paused_session_claims_nothing_until_resumed(person: User) -> None:
    session = new_session(person, 2)
    pause_session(session, actor=person)
    advance(session.pk)
    while_paused = statuses(session)

    resume_session(session, actor=person)
    advance(session.pk)

    assert while_paused == ["pending", "pending"]
    assert statuses(session) == ["completed", "completed"]


def test_pausing_twice_leaves_one_event(person: User) -> None:
    session = new_session(person)

    pause_session(session, actor=person)
    pause_session(session, actor=person)

    assert kinds(session).count("session_paused") == 1
    assert session.events.get(kind="session_paused").actor == person


def test_cancelled_session_goes_on_when_started_again(person: User, control: Path) -> None:
    session = failed_session(person, control)
    cancel_session(session, actor=person)
    (control / "fail-2").unlink()

    again, created = start_session(session.version, actor=person)
    advance(session.pk)

    session.refresh_from_db()
    assert (again.pk, created, session.status) == (session.pk, False, "completed")
    assert calls(control).count(1) == 1


def test_completed_session_cannot_be_cancelled_or_paused(person: User) -> None:
    session = new_session(person, 1)
    advance(session.pk)

    with pytest.raises(Conflict):
        cancel_session(session, actor=person)
    with pytest.raises(Conflict):
        pause_session(session, actor=person)


def test_retry_of_a_chapter_that_has_not_failed_is_refused(person: User) -> None:
    session = new_session(person, 2)

    with pytest.raises(Conflict, match="has not failed"):
        retry_chapter(item(session, 1), actor=person)


def test_retry_gives_three_new_attempts_and_counts_on(person: User, control: Path) -> None:
    session = failed_session(person, control)

    retry_chapter(item(session, 2), actor=person)
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    chapter = item(session, 2)
    assert (chapter.status, chapter.attempt_count, chapter.retry_count) == ("failed", 6, 3)


def test_retry_with_another_writer_lets_it_write_this_chapter_alone(person: User, control: Path) -> None:
    session = failed_session(person, control)

    retry_chapter(item(session, 2), actor=person, writer="quotations")
    advance(session.pk)

    agents = [item(session, number).chapter.current_revision.agent for number in (1, 2, 3)]
    assert agents == ["python:tests.writers:failing", "quotations", "python:tests.writers:failing"]
    assert session.events.get(kind="chapter_retried").detail == {"writer": "quotations"}


def test_retry_with_a_writer_that_is_not_offered_changes_nothing(person: User, control: Path) -> None:
    session = failed_session(person, control)

    with pytest.raises(Invalid):
        retry_chapter(item(session, 2), actor=person, writer="openai:gpt-5")

    assert (item(session, 2).status, item(session, 2).writer) == ("failed", "")


def test_retry_all_retries_every_failed_chapter(person: User, control: Path) -> None:
    for number in (1, 3):
        (control / f"fail-{number}").touch()
    session = new_session(person, 4, after={}, writer="python:tests.writers:failing")
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)
    for number in (1, 3):
        (control / f"fail-{number}").unlink()

    count = retry_session(session, actor=person)
    advance(session.pk)

    session.refresh_from_db()
    assert (count, session.status) == (2, "completed")


def test_counters_equal_what_they_count(person: User, control: Path) -> None:
    session = failed_session(person, control, number=2, chapters=4)

    session.refresh_from_db()

    assert statuses(session) == ["generated", "failed", "pending", "pending"]
    assert (session.written_count, session.failed_count, session.harmonized_count) == (1, 1, 0)


def test_progress_is_100_only_when_completed(person: User) -> None:
    session = new_session(person, 2)
    session.written_count = session.harmonized_count = 2
    session.status = "harmonizing"

    assert session.progress_percentage < 100


def test_deleting_a_book_with_a_running_session_deletes_everything(person: User) -> None:
    session = new_session(person, 2)

    delete_book(session.version.book, actor=person)
    advance(session.pk)

    assert not Book.objects.exists()
    assert not ProcessingSession.objects.exists()


def test_graph_order_never_puts_a_chapter_before_one_it_depends_on(person: User) -> None:
    session = new_session(person, 4, after={1: [4]})

    titles = list(session.version.chapters.order_by("number").values_list("title", flat=True))

    assert titles.index("Year 4") < titles.index("Year 1")
