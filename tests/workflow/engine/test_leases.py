"""Claims, heartbeats, lost workers, late results, stopping."""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from tests.workflow.sessions import calls, item, kinds, let_waits_pass, new_session, statuses
from workflow.actions import cancel_session
from workflow.engine import advance, retry_policy, writing
from workflow.engine.claims import Claim, claim_chapter
from workflow.engine.runs import waiting
from workflow.engine.runs.leases import is_current, renew
from workflow.engine.writing import write_chapter
from workflow.models import Attempt, ProcessingSession
from workflow.processes import lease_owner, stopping
from workflow.transitions import SessionTransaction, session_transaction
from workflow.workers import recovery
from workflow.workers.pacemaker import Pacemaker


def claim(session: ProcessingSession) -> Claim:
    """Start the session's writing and claim its first ready chapter."""
    ProcessingSession.objects.filter(pk=session.pk, status="initialized").update(status="processing")
    with session_transaction(session.pk) as tx:
        claim = claim_chapter(tx)
    assert claim is not None
    return claim


def expire(session: ProcessingSession) -> None:
    past = timezone.now() - timedelta(seconds=1)
    session.items.filter(lease_expires_at__isnull=False).update(lease_expires_at=past, owner="elsewhere:1:1")


def worker_on(session: ProcessingSession) -> threading.Thread:
    """Return a thread that drives the session as a worker does, with a connection of its own."""

    def work() -> None:
        try:
            advance(session.pk)
        finally:
            connection.close()

    return threading.Thread(target=work)


def test_second_claim_gets_nothing_in_a_sequence(person: User) -> None:
    session = new_session(person, 3)
    claim(session)

    with session_transaction(session.pk) as tx:
        second = claim_chapter(tx)

    assert second is None


def test_claims_stop_at_the_sessions_limit(person: User) -> None:
    session = new_session(person, 5, after={})
    ProcessingSession.objects.filter(pk=session.pk).update(parallel_chapters=2, status="processing")

    held = [claim(session), claim(session)]
    with session_transaction(session.pk) as tx:
        third = claim_chapter(tx)

    assert third is None
    assert [h.item.number for h in held if h.item] == [1, 2]


def test_heartbeat_moves_the_lease(person: User) -> None:
    session = new_session(person, 1)
    held = claim(session)
    expire(session)

    assert renew(held)

    assert item(session, 1).lease_expires_at > timezone.now() + timedelta(seconds=20)


def test_expired_lease_is_taken_back_and_is_no_failed_attempt(person: User) -> None:
    session = new_session(person, 2)
    claim(session)
    expire(session)

    recovery.reclaim_expired()

    chapter = item(session, 1)
    assert (chapter.status, chapter.retry_count, chapter.lost_count) == ("pending", 0, 1)
    assert kinds(session)[-1] == "worker_lost"
    assert Attempt.objects.get(item=chapter).outcome == "lost"


def test_third_loss_fails_the_chapter(person: User) -> None:
    session = new_session(person, 2)
    for _ in range(3):
        claim(session)
        expire(session)
        recovery.reclaim_expired()

    assert statuses(session) == ["failed", "pending"]
    assert item(session, 1).error_code == "worker_lost"
    session.refresh_from_db()
    assert session.status == "failed"


def test_fresh_lease_of_an_unknown_run_is_left_alone(person: User) -> None:
    session = new_session(person, 1)
    held = claim(session)
    session.items.update(owner="othermachine:1:1")

    recovery.recover()

    assert is_current(held)


def test_dead_process_of_the_same_run_is_noticed_before_its_lease_ends(person: User) -> None:
    session = new_session(person, 1)
    claim(session)
    session.items.update(owner=f"{lease_owner.current_run()}:{os.getpid()}:other-start")

    recovery.reclaim_from_dead()

    assert statuses(session) == ["pending"]


def test_dead_run_is_noticed_by_its_lock(person: User) -> None:
    session = new_session(person, 1)
    claim(session)
    run, descriptor = lease_owner.new_run()
    session.items.update(owner=f"{run}:1:1")

    recovery.reclaim_from_dead()
    while_locked = statuses(session)
    os.close(descriptor)
    recovery.reclaim_from_dead()

    assert while_locked == ["in_progress"]
    assert statuses(session) == ["pending"]


def test_result_after_a_takeover_is_not_stored_but_kept_on_its_attempt(person: User) -> None:
    session = new_session(person, 1)
    late = claim(session)
    expire(session)
    recovery.reclaim_expired()
    current = claim(session)

    write_chapter(late, lambda: False)

    assert item(session, 1).token == current.token
    assert not item(session, 1).chapter.revisions.exists()
    assert "In the year 1931" in Attempt.objects.get(token=late.token).partial_text


def test_result_under_an_expired_lease_is_stored_while_nobody_has_taken_over(person: User) -> None:
    session = new_session(person, 1)
    held = claim(session)
    expire(session)

    write_chapter(held, lambda: False)

    assert statuses(session) == ["generated"]


def test_result_survives_an_outage_of_the_database(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = new_session(person, 1)
    held = claim(session)
    real = writing._store
    outages = iter([OperationalError("database is locked")] * 3)

    def store(*args: object) -> object:
        for error in outages:
            raise error
        return real(*args)

    monkeypatch.setattr(writing, "_store", store)
    monkeypatch.setattr(waiting, "pausing", lambda seconds: iter(()))
    monkeypatch.setattr(waiting.connection, "close", lambda: None)

    write_chapter(held, lambda: False)

    assert statuses(session) == ["generated"]
    assert kinds(session).count("chapter_claimed") == 1


def test_store_and_claim_is_one_transaction(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = new_session(person, 2)
    held = claim(session)

    def broken(book: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SessionTransaction, "close", broken)
    with pytest.raises(ZeroDivisionError):
        write_chapter(held, lambda: True)

    assert statuses(session) == ["in_progress", "pending"]
    assert not item(session, 1).chapter.revisions.exists()


def test_cancel_revokes_the_claim_and_drops_the_text(person: User, control: Path) -> None:
    session = new_session(person, 2, writer="python:tests.writers:plain")
    held = claim(session)
    cancel_session(session, actor=person)

    write_chapter(held, lambda: True)

    session.refresh_from_db()
    assert session.status == "cancelled"
    assert statuses(session) == ["pending", "pending"]
    assert Attempt.objects.get(token=held.token).outcome == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_silent_writer_is_given_up_soon_after_a_cancel(
    control: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTERFLOW_TEST_SECONDS", "30")
    person = User.objects.create_user("emm")
    session = new_session(person, 1, writer="python:tests.writers:slow")
    worker = worker_on(session)
    worker.start()
    wait_until(lambda: statuses(session) == ["in_progress"])

    cancel_session(session, actor=person)
    worker.join(timeout=5)

    assert not worker.is_alive()
    assert statuses(session) == ["pending"]


@pytest.mark.django_db(transaction=True)
def test_attempt_ends_at_its_time_limit(
    control: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAPTERFLOW_ATTEMPT_SECONDS = 1
    monkeypatch.setenv("CHAPTERFLOW_TEST_SECONDS", "5")
    session = new_session(User.objects.create_user("emm"), 1, writer="python:tests.writers:slow")

    advance(session.pk)

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.error_code) == ("failed", "timeout")
    assert attempt.partial_text.startswith("word word")


@pytest.mark.django_db(transaction=True)
def test_stopping_gives_the_chapter_back_without_an_attempt(
    control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPTERFLOW_TEST_SECONDS", "30")
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.2)
    session = new_session(User.objects.create_user("emm"), 2, writer="python:tests.writers:slow")
    worker = worker_on(session)
    worker.start()
    wait_until(lambda: statuses(session)[0] == "in_progress")

    stopping.request_here()
    worker.join(timeout=5)

    assert not worker.is_alive()
    assert statuses(session) == ["pending", "pending"]
    assert item(session, 1).retry_count == 0
    assert kinds(session)[-1] == "attempt_stopped"


def test_stopping_worker_claims_nothing(person: User) -> None:
    session = new_session(person, 2)
    stopping.request_here()

    advance(session.pk)

    assert statuses(session) == ["pending", "pending"]


def test_pacemaker_wakes_what_is_due(person: User, control: Path) -> None:
    (control / "fail-1").touch()
    session = new_session(person, 1, writer="python:tests.writers:failing")
    advance(session.pk)
    OrmQ.objects.all().delete()

    Pacemaker().tick()
    too_early = OrmQ.objects.count()
    let_waits_pass(session)
    Pacemaker().tick()
    Pacemaker().tick()

    assert (too_early, OrmQ.objects.count()) == (0, 1)


def test_pacemaker_leaves_leases_alone_after_an_outage(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = new_session(person, 1)
    claim(session)
    expire(session)
    moment = [1000.0]
    pacemaker = Pacemaker(clock=lambda: moment[0])
    moment[0] += 31
    monkeypatch.setattr(recovery, "wake_due", lambda: (_ for _ in ()).throw(OperationalError("gone")))
    monkeypatch.setattr("workflow.workers.pacemaker.recovery.reclaim_expired", lambda *_: None)
    monkeypatch.setattr("workflow.workers.pacemaker.connection.close", lambda: None)
    pacemaker.tick()
    monkeypatch.undo()

    pacemaker.tick()
    during = statuses(session)
    moment[0] += 31
    pacemaker.tick()

    assert (during, statuses(session)) == (["in_progress"], ["pending"])


def test_lost_phase_is_resumed(person: User) -> None:
    session = new_session(person, 3)
    advance(session.pk)
    whole = list(session.version.chapters.values_list("current_revision__markdown", flat=True))
    session.items.filter(number__gt=1).update(status="generated")
    ProcessingSession.objects.filter(pk=session.pk).update(
        status="harmonizing", harmonized_count=1, harmonized_at=None, questioned_at=None
    )
    session.changes.exclude(chapter__number=1).delete()

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert list(session.version.chapters.values_list("current_revision__markdown", flat=True)) == whole


def test_harmonizing_that_fails_three_times_fails_the_session(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 2)
    monkeypatch.setattr("workflow.engine.phases.ending.harmonize", lambda book: 1 / 0)
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    session.refresh_from_db()
    assert (session.status, statuses(session)) == ("failed", ["generated", "generated"])
    assert "making them agree failed" in session.error_message


def test_questions_never_block_a_book(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = new_session(person, 2)
    monkeypatch.setattr("workflow.engine.phases.ending.ask", lambda book: 1 / 0)
    for _ in range(4):
        advance(session.pk)
        let_waits_pass(session)

    session.refresh_from_db()
    assert session.status == "completed"
    assert session.questions_error


def test_rate_limits_do_not_count_for_a_quarter_of_an_hour(person: User, control: Path) -> None:
    (control / "limit-1").touch()
    session = new_session(person, 1, writer="python:tests.writers:failing")
    for _ in range(5):
        advance(session.pk)
        let_waits_pass(session)
    early = (item(session, 1).status, item(session, 1).retry_count)
    session.items.update(rate_limited_at=timezone.now() - retry_policy.POLICY.patience)
    for _ in range(3):
        advance(session.pk)
        let_waits_pass(session)

    assert early == ("pending", 0)
    assert item(session, 1).status == "failed"


def test_provider_that_names_a_wait_gets_it(person: User, control: Path) -> None:
    (control / "limit-1").write_text("120")
    session = new_session(person, 1, writer="python:tests.writers:failing")

    advance(session.pk)

    wait = (item(session, 1).next_attempt_at - timezone.now()).total_seconds()
    assert 100 < wait <= 120


@pytest.mark.parametrize(
    ("result", "code"),
    [({"markdown": "  "}, "bad_output"), ({"markdown": "x", "source_chunk_ids": ["c-99"]}, "bad_output"),
     ({"markdown": "Told [c-77]."}, "bad_output"), (None, "bad_output"), ({"markdown": 5}, "bad_output")],
)  # fmt: skip
def test_unusable_draft_is_a_failed_attempt(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch, result: object, code: str
) -> None:
    monkeypatch.setattr("tests.writers._text", lambda task: result)
    session = new_session(person, 1, writer="python:tests.writers:plain")

    advance(session.pk)

    assert Attempt.objects.get().error_code == code
    assert statuses(session) == ["pending"]


def test_error_that_cannot_pass_fails_at_once(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = new_session(person, 1, writer="python:tests.writers:failing")

    advance(session.pk)

    assert statuses(session) == ["failed"]
    assert calls(control) == [1]


def wait_until(condition, seconds: float = 10.0) -> None:
    """Wait until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
