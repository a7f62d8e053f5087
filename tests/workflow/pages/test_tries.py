"""Attempts are counted once, waits for a provider apart from them, and every page says the same."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests.workflow.pages.test_board_values import row
from tests.workflow.sessions import item, let_waits_pass, new_session
from workflow.engine import advance, retry_policy
from workflow.models import Event, ProcessingSession
from workflow.pages.board.board import read_board
from workflow.pages.board.cards import DisplayStatus, Surroundings, make_card
from workflow.pages.board.summary import state, time_line
from workflow.progress.activity import describe_all
from workflow.progress.progress import progress_line, step_line, waiting_line, written_percent
from workflow.progress.tries import attempts_in_words, next_attempt, running_attempt, waits_until

BEGAN = datetime(2026, 3, 1, 14, 17, tzinfo=UTC)
WAITING: dict[str, Any] = {
    "attempt_count": 25,
    "wait_count": 25,
    "error_code": "rate_limited",
    "rate_limited_at": BEGAN,
    "finished_at": BEGAN + timedelta(minutes=10),
    "next_attempt_at": BEGAN + timedelta(minutes=11),
}


def test_waits_count_as_no_attempts() -> None:
    waiting = row(3, **WAITING)

    assert next_attempt(waiting) == "attempt 1 of 3"
    assert waits_until(waiting) == BEGAN + timedelta(minutes=15)


def test_attempts_go_on_counting_after_a_person_asked_again() -> None:
    again = row(3, attempt_count=36, wait_count=32, retry_count=1)

    assert running_attempt(again) == "attempt 4 of 5"
    assert next_attempt(again) == "attempt 5 of 6"
    assert attempts_in_words(again) == "4 attempts"


def test_a_waiting_card_says_until_when_and_names_no_failed_attempt() -> None:
    card = make_card(row(3, **WAITING), Surroundings())

    assert card.look is DisplayStatus.RETRY
    assert not [fact for fact in card.facts if "attempt" in fact]
    assert card.state == "waits for the provider"
    assert card.notice is not None
    assert card.notice.ends is not None
    assert card.notice.ends.clock == "14:32:00"
    assert card.notice.text == (
        "That counts as no failed attempt; after that, at most 3 more attempts follow."
    )


def test_a_refusal_after_the_wait_is_a_failed_attempt() -> None:
    late = {**WAITING, "retry_count": 1, "wait_count": 24, "finished_at": BEGAN + timedelta(minutes=16)}
    card = make_card(row(3, **late), Surroundings())

    assert card.state == "attempt 2 of 3"
    assert any(fact.startswith("attempt 1 failed") for fact in card.facts)


def test_what_failed_for_good_is_not_said_to_pass_by_itself() -> None:
    failed = {**WAITING, "attempt_count": 28, "retry_count": 3, "next_attempt_at": None}
    card = make_card(row(3, "failed", **failed), Surroundings())

    assert card.state == "after 3 attempts"
    assert card.notice is not None
    assert "nothing more is tried by itself" in card.notice.text
    assert "tried again." not in card.notice.text


@pytest.mark.django_db(transaction=True)
def test_board_activity_and_command_tell_of_a_rate_limit_alike(person: User, control: Path) -> None:
    (control / "limit-1").write_text("3600")
    session = new_session(person, 2, writer="python:tests.writers:failing")
    advance(session.pk)

    waiting = item(session, 1)
    board = read_board(ProcessingSession.objects.select_related("version__book").get(pk=session.pk))
    said = [entry.text for entry in describe_all(Event.objects.filter(session=session))]

    assert (waiting.attempt_count, waiting.wait_count, waiting.retry_count) == (1, 1, 0)
    assert waiting.attempts.get().outcome == "waited"
    assert time_line(board) == "No estimate while something waits"
    assert waiting_line(session).startswith("chapter 1 waits for the provider until ")
    assert any(text.startswith("Chapter 1 waits, next try in ") for text in said)
    assert not any("attempt 1 failed" in text.lower() for text in said)


@pytest.mark.django_db(transaction=True)
def test_after_the_wait_three_attempts_are_counted_from_one(person: User, control: Path) -> None:
    (control / "limit-1").touch()
    session = new_session(person, 1, writer="python:tests.writers:failing")
    for _ in range(2):
        advance(session.pk)
        let_waits_pass(session)
    session.items.update(rate_limited_at=timezone.now() - retry_policy.POLICY.patience)
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    said = [entry.text for entry in describe_all(Event.objects.filter(session=session))]
    board = read_board(ProcessingSession.objects.select_related("version__book").get(pk=session.pk))
    assert board.cards[1].state == "after 3 attempts"
    assert [text.split(" failed")[0] for text in said if "attempt" in text and " failed" in text] == [
        "Chapter 1: attempt 1",
        "Chapter 1: attempt 2",
    ]


@pytest.mark.parametrize(
    ("written", "total", "percent"), [(5, 10, 50), (26, 60, 43), (0, 3, 0), (999, 1000, 99), (3, 3, 100)]
)
def test_percent_is_what_is_written(written: int, total: int, percent: int) -> None:
    session = ProcessingSession(written_count=written, total_chapters=total)

    assert written_percent(session) == percent
    assert progress_line(session).endswith(f", {percent} %")


def test_comparing_is_a_step_with_its_own_count() -> None:
    session = ProcessingSession(status="harmonizing", written_count=10, total_chapters=10, harmonized_count=4)

    assert step_line(session) == "Comparing the chapters with each other: 4 of 10"
    assert progress_line(session) == "10 of 10 chapters, 100 %"
    session.harmonized_at = timezone.now()
    assert step_line(session) == "Looking for open questions"


def test_a_phase_that_waits_says_until_when() -> None:
    session = ProcessingSession(
        status="harmonizing",
        written_count=1,
        total_chapters=1,
        error_code="rate_limited",
        rate_limited_at=BEGAN,
        next_attempt_at=BEGAN + timedelta(minutes=1),
        attempt_count=4,
        wait_count=4,
    )

    shown = state(session)

    assert shown is not None
    assert shown.ends is not None
    assert shown.ends.clock == "14:32:00"
