"""Waits and leases keep their lengths where the clock was set back, and nothing else is touched."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from time_machine import Traveller

from chapterflow_site.core.clock import ClockWatch
from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import item, new_session, statuses
from workflow import tasks
from workflow.models import Attempt, ChapterWorkflowItem, ProcessingSession, Provider
from workflow.models.attempt import AttemptOutcome
from workflow.workers import clock_repair, recovery
from workflow.workers.pacemaker import Pacemaker

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """The clock, which stands still until it is set."""
    with time_machine.travel(datetime(2026, 5, 1, 12, tzinfo=UTC), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def session(clock: Traveller, person: User) -> ProcessingSession:
    return new_session(person, 2)


def left(until: datetime | None) -> float:
    """Return the seconds until then."""
    assert until is not None
    return (until - timezone.now()).total_seconds()


def let_wait(session: ProcessingSession, seconds: float) -> None:
    """Have chapter 1 wait for its next try, after a failure now."""
    now = timezone.now()
    ChapterWorkflowItem.objects.filter(pk=item(session, 1).pk).update(
        finished_at=now, next_attempt_at=now + timedelta(seconds=seconds), error_code="timeout"
    )


def test_chapter_waits_as_long_as_it_was_meant_to(session: ProcessingSession, clock: Traveller) -> None:
    let_wait(session, 40)
    version = item(session, 1).row_version
    clock.shift(-HOUR)

    clock_repair.keep_lengths()

    assert left(item(session, 1).next_attempt_at) == 40
    assert item(session, 1).row_version == version + 1
    clock.shift(30)
    clock_repair.keep_lengths()
    assert left(item(session, 1).next_attempt_at) == 10
    clock.shift(10)
    assert session.pk in set(recovery.sessions_with_work_due(timezone.now() + timedelta(seconds=31)))


@pytest.mark.parametrize("moved", [timedelta(0), timedelta(seconds=-3), HOUR])
def test_clock_that_was_not_set_back_changes_nothing(
    person: User, session: ProcessingSession, clock: Traveller, moved: timedelta
) -> None:
    let_wait(session, 40)
    other = new_session(person, 1)
    claim(other)
    until, lease = item(session, 1).next_attempt_at, item(other, 1).lease_expires_at
    clock.shift(moved)

    clock_repair.keep_lengths()

    assert item(session, 1).next_attempt_at == until
    assert item(other, 1).lease_expires_at == lease


def test_phase_waits_as_long_as_it_was_meant_to(session: ProcessingSession, clock: Traveller) -> None:
    now = timezone.now()
    Attempt.objects.create(
        session=session, phase="harmonizing", number=1, agent="rules", token=session.pk, owner="run:1:1",
        started_at=now, finished_at=now, outcome=AttemptOutcome.FAILED,
    )  # fmt: skip
    sessions = ProcessingSession.objects.filter(pk=session.pk)
    sessions.update(next_attempt_at=now + timedelta(seconds=8))
    clock.shift(-HOUR)

    clock_repair.keep_lengths()

    assert left(sessions.get().next_attempt_at) == 8


def test_provider_is_left_alone_as_long_as_it_asked_for(session: ProcessingSession, clock: Traveller) -> None:
    now = timezone.now()
    Provider.objects.create(
        name="openai:", rate_limited_at=now, cooling_until=now + timedelta(seconds=90), ceiling=2
    )
    clock.shift(-HOUR)

    clock_repair.keep_lengths()

    assert left(Provider.objects.get().cooling_until) == 90


def test_lease_of_a_lost_worker_ends_in_its_time(session: ProcessingSession, clock: Traveller) -> None:
    claim(session)
    clock.shift(-HOUR)
    clock_repair.keep_lengths()
    clock.shift(31)

    recovery.reclaim_expired()

    assert statuses(session)[0] == "pending"


@pytest.mark.parametrize("who", ["pacemaker", "task"])
def test_clock_that_is_set_forward_after_the_look_at_it_ends_no_lease(
    session: ProcessingSession, clock: Traveller, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    awake = [1000.0]
    beats = Pacemaker(clock=lambda: awake[0])
    monkeypatch.setattr(tasks, "_clock_watch", ClockWatch(lambda: awake[0]))
    work = beats.tick if who == "pacemaker" else tasks.tend
    work()
    awake[0] += 31
    clock.shift(31)
    claim(session)
    monkeypatch.setattr(recovery, "reclaim_from_dead", lambda: clock.shift(HOUR))

    work()

    assert statuses(session)[0] == "in_progress"


def test_pacemaker_notices_at_its_start_and_while_it_ticks(
    session: ProcessingSession, clock: Traveller
) -> None:
    awake = [1000.0]
    let_wait(session, 40)
    clock.shift(-HOUR)
    beats = Pacemaker(clock=lambda: awake[0])

    beats.tick()
    at_first = left(item(session, 1).next_attempt_at)
    awake[0] += 1
    clock.shift(1 - HOUR.total_seconds())
    beats.tick()

    assert (at_first, left(item(session, 1).next_attempt_at)) == (40, 40)
