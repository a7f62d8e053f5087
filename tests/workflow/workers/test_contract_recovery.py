"""Wake-ups and leases through outages, suspended machines, jumping clocks, long queues and broken sessions."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from chapterflow_site.core.clock import ClockWatch
from chapterflow_site.core.exceptions import Conflict
from tests.workflow.engine.test_leases import claim, expire
from tests.workflow.sessions import item, kinds, let_waits_pass, new_session, statuses
from workflow import queue, tasks
from workflow.actions import retry_chapter
from workflow.engine import advance
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.processes import lease_owner, stopping
from workflow.transitions import SessionTransaction
from workflow.workers import recovery
from workflow.workers.pacemaker import Pacemaker


def woken(session: ProcessingSession, ago: float) -> None:
    moment = timezone.now() - timedelta(seconds=ago)
    ProcessingSession.objects.filter(pk=session.pk).update(woken_at=moment)


def test_wake_up_that_still_waits_in_the_queue_is_not_queued_again(person: User) -> None:
    session = new_session(person, 1)

    for _ in range(5):
        woken(session, ago=31)
        recovery.wake_due()

    assert OrmQ.objects.count() == 1


def test_wake_up_that_is_gone_from_the_queue_is_queued_again(person: User) -> None:
    session = new_session(person, 1)
    OrmQ.objects.all().delete()
    woken(session, ago=31)

    recovery.wake_due()

    assert OrmQ.objects.count() == 1


def test_wake_up_that_a_dead_cluster_had_taken_is_queued_again(person: User) -> None:
    session = new_session(person, 1)
    OrmQ.objects.update(lock=timezone.now() + timedelta(hours=1))
    woken(session, ago=31)

    recovery.wake_due()

    assert OrmQ.objects.count() == 2


def test_wake_up_from_the_future_is_queued_again(person: User) -> None:
    session = new_session(person, 1)
    OrmQ.objects.all().delete()
    woken(session, ago=-3600)

    recovery.wake_due()
    recovery.wake_due()

    assert OrmQ.objects.count() == 1


def test_session_without_anything_to_do_is_not_woken_again_and_again(person: User, control: Path) -> None:
    (control / "fail-2").write_text("bad_credentials")
    idle = [new_session(person, 3), new_session(person, 3, writer="python:tests.writers:failing")]
    for session in idle:
        advance(session.pk)
    waiting = new_session(person, 1, writer="python:tests.writers:failing")
    (control / "fail-1").touch()
    advance(waiting.pk)
    OrmQ.objects.all().delete()

    for _ in range(3):
        Pacemaker().tick()

    assert not OrmQ.objects.exists()


def test_session_that_is_deleted_meanwhile_keeps_no_other_waiting(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, there = new_session(person, 1), new_session(person, 1)
    found = [gone.pk, there.pk]
    monkeypatch.setattr(recovery, "sessions_with_work_due", lambda now: found)
    ProcessingSession.objects.filter(pk=gone.pk).delete()
    OrmQ.objects.all().delete()
    woken(there, ago=31)

    recovery.wake_due()

    assert OrmQ.objects.count() == 1


def test_session_that_breaks_keeps_no_other_waiting(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (new_session(person, 1) for _ in range(3))
    for session in (first, second):
        claim(session)
        expire(session)
    ProcessingSession.objects.filter(pk=third.pk).update(woken_at=None)
    OrmQ.objects.all().delete()
    real = recovery.requeue_lost_chapter

    def lose(book: object, chapter: object) -> None:
        if chapter.session_id == first.pk:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        real(book, chapter)  # type: ignore[arg-type]

    monkeypatch.setattr(recovery, "requeue_lost_chapter", lose)
    recovery.recover()

    assert (statuses(first), statuses(second)) == (["in_progress"], ["pending"])
    assert {task.name() for task in OrmQ.objects.all()} == {f"advance {s.pk}" for s in (second, third)}


def test_leases_are_trusted_again_only_after_a_suspended_machine_was_awake_for_a_while(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 1)
    awake, wall = [1000.0], [timezone.now()]
    monkeypatch.setattr("chapterflow_site.core.clock.database_now", lambda: wall[0])
    beats = Pacemaker(clock=lambda: awake[0])

    def tick(seconds: float, asleep: float = 0) -> list[str]:
        awake[0] += seconds
        wall[0] += timedelta(seconds=seconds + asleep)
        beats.tick()
        return statuses(session)

    tick(1)
    tick(31)
    claim(session)
    expire(session)
    after_waking = tick(1, asleep=3600)
    still = tick(20)
    later = tick(11)

    assert (after_waking, still, later) == (["in_progress"], ["in_progress"], ["pending"])


def test_lock_that_outlasts_a_lease_takes_no_chapter_from_a_worker_that_waited_too(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 1)
    claim(session)
    expire(session)
    awake, real = [1000.0], recovery.session_transaction
    beats = Pacemaker(clock=lambda: awake[0])
    awake[0] += 31

    @contextmanager
    def locked_at_first(*given: object) -> Iterator[object]:
        with real(*given) as book:  # type: ignore[arg-type]
            time.sleep(0.05)
            yield book

    monkeypatch.setattr(recovery, "HELD_UP_SECONDS", 0.01)
    monkeypatch.setattr(recovery, "session_transaction", locked_at_first)
    monkeypatch.setattr("workflow.workers.pacemaker.connection.close", lambda: None)
    beats.tick()
    monkeypatch.undo()
    beats.tick()
    during = statuses(session)
    awake[0] += 31
    beats.tick()

    assert (during, statuses(session)) == (["in_progress"], ["pending"])


def test_tick_that_was_kept_waiting_lets_no_lease_count_for_a_while(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 1)
    claim(session)
    expire(session)
    awake = [1000.0]
    beats = Pacemaker(clock=lambda: awake[0])

    def tick(seconds: float) -> list[str]:
        awake[0] += seconds
        beats.tick()
        return statuses(session)

    monkeypatch.setattr(recovery, "wake_due", lambda: awake.__setitem__(0, awake[0] + 40))
    tick(1)
    monkeypatch.undo()
    next_one = tick(1)
    later = tick(31)

    assert (next_one, later) == (["in_progress"], ["pending"])


def test_clock_that_is_set_forward_lets_the_look_of_each_minute_take_nothing_back(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 1)
    claim(session)
    awake, wall = [1000.0], [timezone.now()]
    monkeypatch.setattr("chapterflow_site.core.clock.database_now", lambda: wall[0])
    monkeypatch.setattr(recovery, "database_now", lambda: wall[0])
    monkeypatch.setattr(tasks, "_clock_watch", ClockWatch(lambda: awake[0]))

    def look(seconds: float, skipped: float = 0) -> list[str]:
        awake[0] += seconds
        wall[0] += timedelta(seconds=seconds + skipped)
        tasks.tend()
        return statuses(session)

    look(1)
    set_forward = look(1, skipped=7200)
    a_minute_later = look(60)

    assert (set_forward, a_minute_later) == (["in_progress"], ["pending"])


def test_outage_while_taking_back_is_waited_out(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(recovery, "reclaim_from_dead", gone)
    monkeypatch.setattr("workflow.workers.pacemaker.connection.close", lambda: None)

    Pacemaker().tick()


@pytest.mark.parametrize(
    "name",
    ["", "old", "host-7:12:34", "host7:12:34", ":::", "host7", "a" * 100, "../x:1:1", "é:1:1", "x:²:1"],
)
def test_owner_of_another_make_is_left_to_its_lease(person: User, name: str) -> None:
    session = new_session(person, 1)
    claim(session)
    session.items.update(owner=name)

    recovery.reclaim_from_dead()
    before = statuses(session)
    expire(session)
    recovery.reclaim_expired()

    assert (before, statuses(session)) == (["in_progress"], ["pending"])


def test_process_of_this_run_with_a_strange_id_is_not_alive(person: User) -> None:
    assert not lease_owner.is_surely_dead(f"{lease_owner.current_run()}:²:1")


def test_files_of_dead_runs_are_removed(person: User) -> None:
    dead, descriptor = lease_owner.new_run()
    stopping.request(dead)
    living, held = lease_owner.new_run()
    stopping.request(living)
    os.close(descriptor)

    recovery.reclaim_from_dead()

    left = {path.name for path in lease_owner.runs_dir().iterdir()}
    assert not {f"{dead}.lock", f"{dead}.stop"} & left
    assert {f"{living}.lock", f"{living}.stop"} <= left
    os.close(held)


def test_rate_limits_that_other_failures_interrupted_are_a_new_series(person: User, control: Path) -> None:
    session = new_session(person, 1, writer="python:tests.writers:failing")
    (control / "limit-1").touch()
    advance(session.pk)
    assert item(session, 1).rate_limited_at is not None
    (control / "limit-1").unlink()
    (control / "fail-1").touch()
    let_waits_pass(session)

    advance(session.pk)

    assert item(session, 1).rate_limited_at is None


def test_retry_of_one_chapter_goes_on_while_others_are_written(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = new_session(person, 3, after={}, writer="python:tests.writers:failing")
    ProcessingSession.objects.filter(pk=session.pk).update(parallel_chapters=2)
    claim(session)
    session.items.filter(number=1).update(owner="elsewhere:1:1")
    advance(session.pk)
    (control / "fail-1").unlink()
    expire(session)
    recovery.reclaim_expired()
    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert kinds(session).count("chapter_generated") == 3


def test_second_retry_of_the_same_chapter_is_refused(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = new_session(person, 1, writer="python:tests.writers:failing")
    advance(session.pk)
    stale = item(session, 1)

    retry_chapter(stale, actor=person)
    with pytest.raises(Conflict):
        retry_chapter(stale, actor=person)

    session.refresh_from_db()
    assert (session.status, session.failed_count) == ("processing", 0)


def test_queue_tells_which_sessions_wait(person: User) -> None:
    first, second = new_session(person, 1), new_session(person, 1)
    taken = OrmQ.objects.order_by("pk")[0]
    OrmQ.objects.filter(pk=taken.pk).update(lock=timezone.now() + timedelta(hours=1))
    OrmQ.objects.create(key=taken.key, payload="not ours", lock=timezone.now())

    assert f"advance {first.pk}" == taken.name()
    assert queue.waiting_sessions() == {second.pk}


def test_chapters_of_a_lost_worker_are_taken_back_together_and_alone_where_one_breaks(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 4, after={})
    for _ in range(4):
        claim(session)
    expire(session)
    real, transactions = recovery.requeue_lost_chapter, []

    def lose(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
        transactions.append(tx)
        if item.number == 2:
            raise ZeroDivisionError
        real(tx, item)

    monkeypatch.setattr(recovery, "requeue_lost_chapter", lose)
    recovery.reclaim_expired()
    in_trouble = statuses(session)
    monkeypatch.setattr(recovery, "requeue_lost_chapter", real)
    recovery.reclaim_expired()

    assert in_trouble == ["pending", "in_progress", "pending", "pending"]
    assert statuses(session) == ["pending"] * 4
    assert kinds(session).count("worker_lost") == 4
    # One for all, which broke at the second, and one for each.
    assert len({id(tx) for tx in transactions[:2]}) == 1
