"""The broker in Redis: wake-ups after the commit, none lost for good, no outage that ends anything."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf

from tests.installation import free_port
from tests.workflow.sessions import new_session
from workflow import queue
from workflow.models import ProcessingSession
from workflow.processes import worker_registry
from workflow.queue import dispatch_gate, health_probe
from workflow.queue.task_names import ADVANCE, HEALTH_PROBE
from workflow.workers import recovery

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]

QUEUE = f"chapterflow-test-{os.getpid()}"
CLUSTER = "run-1"


@pytest.fixture(autouse=True)
def redis_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the queue in Redis, under a name of its own."""
    from workflow.queue.redis_broker import connection_to

    monkeypatch.setenv(worker_registry.CLUSTER_VARIABLE, CLUSTER)
    monkeypatch.setattr(dispatch_gate.Outage, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(dispatch_gate, "UNKNOWN_SECONDS", -1.0)
    monkeypatch.setattr(Conf, "BROKER_CLASS", "workflow.queue.redis_broker.RedisBroker")
    monkeypatch.setattr(Conf, "REDIS", os.environ["CHAPTERFLOW_TEST_REDIS"])
    monkeypatch.setattr(Conf, "CLUSTER_NAME", QUEUE)
    yield
    client = connection_to(os.environ["CHAPTERFLOW_TEST_REDIS"])
    for key in client.scan_iter(f"django_q:{QUEUE}*"):
        client.delete(key)
    client.close()
    connection_to.cache_clear()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a Redis that is not there."""
    return f"redis://127.0.0.1:{free_port()}/0"


def taken() -> list[str]:
    """Return the functions of the tasks that a pusher takes."""
    from django_q.signing import SignedPackage

    here, found = queue.get_broker(), []
    try:
        while packages := here.dequeue():
            found += [str(SignedPackage.loads(package)["func"]) for _, package in packages]
    finally:
        here.close()
    return found


def test_wake_up_is_queued_after_the_commit_and_not_without_one(person: User) -> None:
    session = new_session(person, 1)
    waiting = queue.waiting_sessions()
    queue.get_broker().purge_queue()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue.enqueue_advance(session.pk, when_lost=lambda: None)
        raise ZeroDivisionError

    assert (waiting, queue.waiting_sessions()) == ({session.pk}, set())


def test_wake_ups_are_taken_for_idle_workers_only(person: User) -> None:
    worker = worker_registry.Registration()
    new_session(person, 1)
    worker.begin()

    while_busy = taken()
    worker.rest()

    assert (while_busy, taken()) == ([], [ADVANCE])


def test_probe_goes_to_its_own_cluster_only() -> None:
    health_probe.send("run-2", 1)
    others = taken()
    health_probe.send(CLUSTER, 2)
    health_probe.send(CLUSTER, 3)

    assert (others, taken()) == ([], [HEALTH_PROBE])


def test_wake_up_that_was_flushed_is_queued_again(person: User) -> None:
    session = new_session(person, 1)
    queue.get_broker().delete_queue()
    long_ago = timezone.now() - timedelta(seconds=31)
    ProcessingSession.objects.filter(pk=session.pk).update(woken_at=long_ago)

    recovery.wake_due()

    assert taken() == [ADVANCE]


def test_start_while_redis_is_away_goes_on_once_it_is_there(
    person: User, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Conf, "REDIS", away)
        session = new_session(person, 1)
        recovery.wake_due()
        session.refresh_from_db()
        assert (session.status, session.woken_at) == ("initialized", None)

    recovery.wake_due()

    assert taken() == [ADVANCE]


def test_redis_that_is_away_ends_nothing(
    away: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Conf, "REDIS", away)
    here = queue.get_broker()

    results = [here.dequeue(), here.dequeue(), here.ping(), here.set_stat("key", "value", 3)]
    here.close()

    assert results == [None, None, False, None]
    assert (health_probe.send(CLUSTER, 1), health_probe.probe()) == (False, False)
    assert [record.message.split(":")[0] for record in caplog.records].count("the queue does not answer") == 1


def test_package_that_cannot_be_read_is_no_session() -> None:
    queue.get_broker().enqueue("not ours")

    assert queue.waiting_sessions() == set()
