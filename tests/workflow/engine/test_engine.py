"""The engine drives a session from start to end."""

from django.contrib.auth.models import User

from books.models import Citation
from tests.workflow.sessions import calls, item, kinds, let_waits_pass, new_session, statuses
from workflow.actions import retry_chapter
from workflow.contract.states import SessionStatus
from workflow.engine import advance
from workflow.models import Attempt


def test_book_of_quotations_is_completed(person: User) -> None:
    session = new_session(person, 3)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == SessionStatus.COMPLETED
    assert statuses(session) == ["completed"] * 3
    assert session.progress_percentage == 100
    assert Citation.objects.filter(quote__startswith="In the year 1931").exists()


def test_events_are_numbered_without_gaps(person: User) -> None:
    session = new_session(person, 5)

    advance(session.pk)

    session.refresh_from_db()
    numbers = list(session.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, session.event_seq + 1))


def test_second_wake_up_writes_nothing_twice(person: User, control) -> None:
    session = new_session(person, 3, writer="python:tests.writers:failing")

    advance(session.pk)
    advance(session.pk)

    assert calls(control) == [1, 2, 3]
    assert kinds(session).count("chapter_generated") == 3


def test_chapter_fails_after_three_attempts_and_holds_what_depends_on_it(person: User, control) -> None:
    (control / "fail-4").touch()
    session = new_session(person, 6, writer="python:tests.writers:failing")

    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    session.refresh_from_db()
    assert statuses(session) == ["generated"] * 3 + ["failed", "pending", "pending"]
    assert session.status == SessionStatus.FAILED
    assert "Chapter 4 failed, and chapters 5 and 6 wait for it" in session.error_message
    assert Attempt.objects.filter(item=item(session, 4), outcome="failed").count() == 3


def test_waits_grow_by_the_contract(person: User, control) -> None:
    (control / "fail-1").touch()
    session = new_session(person, 1, writer="python:tests.writers:failing")

    waits = []
    for _ in range(2):
        advance(session.pk)
        event = session.events.filter(kind="attempt_failed").order_by("-seq")[0]
        waits.append((item(session, 1).next_attempt_at - event.at).total_seconds())
        let_waits_pass(session)

    assert 2 <= waits[0] <= 2.5
    assert 4 <= waits[1] <= 5


def test_retry_lets_everything_go_on(person: User, control) -> None:
    (control / "fail-2").touch()
    session = new_session(person, 3, writer="python:tests.writers:failing")
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)
    (control / "fail-2").unlink()

    retry_chapter(item(session, 2), actor=person)
    advance(session.pk)

    session.refresh_from_db()
    assert session.status == SessionStatus.COMPLETED
    assert calls(control) == [1, 2, 2, 2, 2, 3]


def test_graph_writes_what_does_not_depend_on_the_failed_chapter(person: User, control) -> None:
    (control / "fail-2").touch()
    session = new_session(person, 5, after={3: [2], 5: [1]}, writer="python:tests.writers:failing")

    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    assert statuses(session) == ["generated", "failed", "pending", "generated", "generated"]
