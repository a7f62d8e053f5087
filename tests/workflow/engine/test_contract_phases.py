"""Pausing, cancelling, deleting and failing in each phase of the end; one phase leaves nothing to the next."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from tests.workflow.sessions import kinds, let_waits_pass, new_session, statuses
from workflow.actions import (
    ask_again,
    cancel_session,
    delete_book,
    pause_session,
    resume_session,
    retry_session,
    start_session,
)
from workflow.contract.agent_types import AgentError
from workflow.contract.states import SessionStatus
from workflow.engine import advance
from workflow.engine.phases import ending
from workflow.models import Attempt, ProcessingSession
from workflow.processes import stopping
from workflow.workers import recovery
from workflow.workers.pacemaker import Pacemaker

Interrupt = Callable[[ProcessingSession], object]
STEPS = ["harmonize", "_store_batch", "_finish_harmonizing", "ask", "store_questions", "_finish_batch"]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three chapters be more than one batch."""
    monkeypatch.setattr(ending, "CHAPTERS_PER_BATCH", 1)
    monkeypatch.setattr(ending, "COMPLETED_PER_BATCH", 2)


def interrupted_at(
    step: str, session: ProcessingSession, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drive the session; `interrupt` it once, just before the second call of `step` (the first, if there is one)."""
    real = getattr(ending, step)
    left = iter([None, interrupt] if step in {"_store_batch", "_finish_batch"} else [interrupt])

    def between(*args: object) -> object:
        act = next(left, None)
        if act is not None:
            act(session)
        return real(*args)

    with monkeypatch.context() as patch:
        # `harmonize` and `ask` run in the agent's thread, which must not touch the test's transaction.
        name = {"harmonize": "load_book", "ask": "load_book"}.get(step, step)
        if name != step:
            real = ending.load_book
            left = iter([interrupt] if step == "harmonize" else [None, interrupt])
        patch.setattr(ending, name, between)
        advance(session.pk)


def finish(session: ProcessingSession) -> None:
    for _ in range(4):
        let_waits_pass(session)
        Pacemaker().tick()
        advance(session.pk)
    session.refresh_from_db()


def assert_whole(session: ProcessingSession) -> None:
    assert (session.status, statuses(session)) == ("completed", ["completed"] * 3)
    assert (session.written_count, session.harmonized_count, session.failed_count) == (3, 3, 0)
    assert (session.token, session.error_code, session.rate_limited_at) == (None, "", None)
    assert not session.attempts.filter(outcome="running").exists()
    assert kinds(session).count("chapter_harmonized") == 3
    numbers = list(session.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, session.event_seq + 1))


@pytest.mark.parametrize("step", STEPS)
def test_session_paused_in_a_phase_goes_on_when_resumed(
    person: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    session = new_session(person, 3)
    interrupted_at(step, session, lambda s: pause_session(s, actor=person), monkeypatch)
    finish(session)
    assert session.status == "harmonizing"

    resume_session(session, actor=person)
    finish(session)

    assert_whole(session)


@pytest.mark.parametrize("step", STEPS)
def test_session_cancelled_in_a_phase_goes_on_when_started_again(
    person: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    session = new_session(person, 3)
    interrupted_at(step, session, lambda s: cancel_session(s, actor=person), monkeypatch)
    finish(session)
    assert (session.status, session.token) == ("cancelled", None)

    start_session(session.version, actor=person)
    finish(session)

    assert_whole(session)


@pytest.mark.parametrize("step", STEPS)
def test_session_deleted_in_a_phase_is_gone(person: User, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    session = new_session(person, 3)

    interrupted_at(step, session, lambda s: delete_book(s.version.book, actor=person), monkeypatch)

    assert not ProcessingSession.objects.exists()
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("step", STEPS)
def test_phase_whose_worker_dies_is_done_by_the_next(
    person: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def die(session: ProcessingSession) -> None:
        raise SystemExit

    session = new_session(person, 3)
    with pytest.raises(SystemExit):
        interrupted_at(step, session, die, monkeypatch)
    ProcessingSession.objects.filter(token__isnull=False).update(
        lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    recovery.reclaim_expired()
    finish(session)

    assert_whole(session)


def test_lease_moves_on_with_each_stored_batch(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = new_session(person, 3)
    expired = timezone.now() - timedelta(seconds=1)
    leases = []

    def let_lease_end(session: ProcessingSession) -> None:
        ProcessingSession.objects.filter(pk=session.pk).update(lease_expires_at=expired)

    real = ending._store_batch

    def store_batch(*args: object) -> bool:
        let_lease_end(session)
        stored = real(*args)  # type: ignore[arg-type]
        leases.append(ProcessingSession.objects.get(pk=session.pk).lease_expires_at)
        return stored

    monkeypatch.setattr(ending, "_store_batch", store_batch)
    advance(session.pk)

    assert len(leases) == 3
    assert all(lease is not None and lease > timezone.now() for lease in leases)


def test_stop_between_two_batches_gives_the_phase_back(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(session: ProcessingSession) -> None:
        monkeypatch.setattr(stopping, "GRACE_SECONDS", 0)
        stopping.request_here()

    session = new_session(person, 3)
    interrupted_at("_store_batch", session, stop, monkeypatch)
    session.refresh_from_db()
    assert (session.status, session.token, session.lost_count) == ("harmonizing", None, 0)
    assert kinds(session)[-1] == "attempt_stopped"

    stopping.reset()
    finish(session)
    assert_whole(session)


@pytest.mark.parametrize("step", ["load_book", "_store_batch", "store_questions"])
def test_phase_that_breaks_is_a_failed_attempt_and_frees_its_claim(
    person: User, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    session = new_session(person, 3)
    with monkeypatch.context() as patch:
        patch.setattr(ending, step, lambda *args: 1 / 0)
        advance(session.pk)
    session.refresh_from_db()
    assert (session.token, session.retry_count, session.error_code) == (None, 1, "internal_error")

    finish(session)

    assert_whole(session)


def test_questions_that_fail_leave_no_error_on_a_completed_book(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 3)
    advance(session.pk)
    ask_again(session, actor=person)
    with monkeypatch.context() as patch:
        patch.setattr(ending, "ask", lambda book: 1 / 0)
        for _ in range(3):
            advance(session.pk)
            let_waits_pass(session)
    session.refresh_from_db()

    assert session.questions_error
    assert_whole(session)


def test_series_of_rate_limits_ends_with_its_phase(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def limited(book: object) -> object:
        raise AgentError("rate_limited", "slower")

    session = new_session(person, 3)
    with monkeypatch.context() as patch:
        patch.setattr(ending, "harmonize", limited)
        advance(session.pk)
    assert ProcessingSession.objects.get(pk=session.pk).rate_limited_at is not None
    finish(session)
    ask_again(session, actor=person)
    with monkeypatch.context() as patch:
        patch.setattr(ending, "ask", limited)
        advance(session.pk)

    finish(session)

    assert_whole(session)


def test_asking_again_twice_at_once_asks_once(person: User) -> None:
    session = new_session(person, 3)
    advance(session.pk)
    ask_again(session, actor=person)
    ask_again(session, actor=person)
    finish(session)

    assert kinds(session).count("questions_requested") == 1
    assert kinds(session).count("questions_asked") == 2
    assert_whole(session)


def test_retry_of_what_failed_while_paused_goes_on(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = new_session(person, 3, writer="python:tests.writers:failing")
    advance_begin(session)
    session.refresh_from_db()
    (control / "fail-1").unlink()
    assert session.status == "failed"

    retry_session(session, actor=person)
    finish(session)

    assert_whole(session)


def advance_begin(session: ProcessingSession) -> None:
    """Let chapter 1 fail for good under a session that was paused while it was written."""
    from tests.workflow.engine.test_leases import claim
    from workflow.engine.writing import write_chapter

    held = claim(session)
    pause_session(session, actor=None)
    write_chapter(held, lambda: True)


def test_session_cancelled_before_its_first_wake_up_starts_with_its_restart(person: User) -> None:
    session = new_session(person, 3)
    cancel_session(session, actor=person)

    start_session(session.version, actor=person)
    finish(session)

    assert session.started_at is not None
    assert_whole(session)


def test_cancelled_session_is_never_woken(person: User) -> None:
    session = new_session(person, 3)
    cancel_session(session, actor=person)
    OrmQ.objects.all().delete()
    ProcessingSession.objects.update(woken_at=None)

    Pacemaker().tick()

    assert not OrmQ.objects.exists()
    assert session.status != SessionStatus.COMPLETED


def test_claim_of_a_phase_that_is_no_longer_due_is_taken_back(person: User) -> None:
    session = new_session(person, 3)
    advance(session.pk)
    attempt = Attempt.objects.order_by("-pk")[0]
    ProcessingSession.objects.filter(pk=session.pk).update(
        token=attempt.token, owner="elsewhere:1:1", lease_expires_at=timezone.now() - timedelta(seconds=1)
    )

    recovery.reclaim_expired()
    ask_again(session, actor=person)
    finish(session)

    assert kinds(session).count("questions_asked") == 2
    assert_whole(session)


def test_batch_is_small_in_chapters_and_in_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "CHAPTERS_PER_BATCH", 3)
    monkeypatch.setattr(ending, "CHANGES_PER_BATCH", 10)
    counts = [1, 1, 1, 1, 6, 6, 50, 0, 0, 10]

    batches = ending._batches([SimpleNamespace(change_count=count) for count in counts])

    assert [[each.change_count for each in batch] for batch in batches] == [
        [1, 1, 1], [1, 6], [6], [50], [0, 0, 10],
    ]  # fmt: skip
