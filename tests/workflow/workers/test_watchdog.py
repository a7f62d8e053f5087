"""When a cluster counts as wedged: a probe waits while a worker has nothing to do, throughout."""

import time
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django_q.models import OrmQ
from pytest_django import Settings

from tests.workflow.sessions import new_session
from workflow.models import ProcessingSession
from workflow.processes import lease_owner, worker_registry
from workflow.queue import health_probe
from workflow.workers.pacemaker import Pacemaker
from workflow.workers.watchdog import Watchdog

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> str:
    """A cluster of this run with one worker, this process."""
    settings.CHAPTERFLOW_WORKERS = 1
    name = f"{lease_owner.current_run()}-1"
    monkeypatch.setenv(worker_registry.CLUSTER_VARIABLE, name)
    return name


@pytest.fixture
def worker(cluster: str) -> worker_registry.Registration:
    """Its worker, idle."""
    return worker_registry.Registration()


class Clock:
    """Moves on when told to, for the watchdog and the workers alike."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return real_monotonic() + self.ahead


real_monotonic = time.monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock."""
    clock = Clock()
    monkeypatch.setattr(worker_registry.time, "monotonic", clock)
    yield clock
    monkeypatch.undo()


def look(dog: Watchdog, clock: Clock, seconds: int, answer: str = "") -> None:
    """Let so much time pass, with a look each second; `answer` names a cluster that answers."""
    for _ in range(seconds):
        clock.ahead += 1
        dog.tick()
        if answer:
            worker_registry.note_answer(answer, real_ns(clock))


def real_ns(clock: Clock) -> int:
    return time.monotonic_ns()


def test_probe_that_waits_while_a_worker_is_idle_retires_the_cluster(
    clock: Clock, cluster: str, worker: worker_registry.Registration, person: User
) -> None:
    session = new_session(person, 1)
    dog = Watchdog(clock)

    look(dog, clock, 44)
    before = worker_registry.is_retired(cluster)
    look(dog, clock, 3)

    session.refresh_from_db()
    assert (before, worker_registry.is_retired(cluster)) == (False, True)
    assert session.woken_at is None
    assert [task.name() for task in OrmQ.objects.all()] == [f"advance {session.pk}"]


def test_cluster_that_answers_is_well(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    look(Watchdog(clock), clock, 200, answer=cluster)

    assert not worker_registry.is_retired(cluster)


def test_workers_that_are_busy_for_ten_minutes_are_not_wedged(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    worker.begin()

    look(Watchdog(clock), clock, 600)

    assert not worker_registry.is_retired(cluster)


def test_only_the_time_counts_in_which_a_worker_was_idle(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    dog = Watchdog(clock)
    worker.begin()
    look(dog, clock, 100)
    worker.rest()

    look(dog, clock, 40)
    before = worker_registry.is_retired(cluster)
    look(dog, clock, 7)

    assert (before, worker_registry.is_retired(cluster)) == (False, True)


def test_cluster_without_living_workers_is_wedged(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    file = next(worker_registry.folder(cluster).iterdir())
    file.rename(file.with_name("999999999-1"))

    look(Watchdog(clock), clock, 47)

    assert worker_registry.is_retired(cluster)


def test_queue_that_was_out_of_order_is_no_wedge(
    clock: Clock, cluster: str, worker: worker_registry.Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    dog = Watchdog(clock)
    look(dog, clock, 30)
    with monkeypatch.context() as patch:
        patch.setattr(health_probe, "probe", lambda: False)
        look(dog, clock, 30)

    look(dog, clock, 40)
    before = worker_registry.is_retired(cluster)
    look(dog, clock, 7)

    assert (before, worker_registry.is_retired(cluster)) == (False, True)


def test_look_that_was_held_up_counts_for_nothing(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    dog = Watchdog(clock)
    look(dog, clock, 30)

    clock.ahead += 50
    look(dog, clock, 30)

    assert not worker_registry.is_retired(cluster)


def test_outage_of_the_database_is_no_wedge(
    clock: Clock, cluster: str, worker: worker_registry.Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(cluster: str, number: int) -> bool:
        raise OperationalError("gone")

    monkeypatch.setattr("workflow.workers.pacemaker.connection.close", lambda: None)
    beats = Pacemaker(clock)
    beats.tick()
    with monkeypatch.context() as patch:
        patch.setattr(health_probe, "send", gone)
        for _ in range(44):
            clock.ahead += 1
            beats.tick()
    for _ in range(20):
        clock.ahead += 1
        beats.tick()

    assert not worker_registry.is_retired(cluster)


def test_earlier_probe_makes_way_for_the_next(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    look(Watchdog(clock), clock, 40)

    assert OrmQ.objects.count() == 1


def test_retired_cluster_is_left_alone(
    clock: Clock, cluster: str, worker: worker_registry.Registration
) -> None:
    worker_registry.retire(cluster)

    look(Watchdog(clock), clock, 20)

    assert not OrmQ.objects.exists()


def test_sessions_that_nobody_woke_are_left_so(person: User, clock: Clock, cluster: str) -> None:
    new_session(person, 1)

    look(Watchdog(clock), clock, 60)

    assert ProcessingSession.objects.filter(woken_at__isnull=False).count() == 1
