"""The broker in the database: wakes after the commit, in order, to idle workers only, one cluster a row."""

import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from pytest_django import Settings

from tests.workflow.engine.test_concurrency import together
from workflow.notify import datagrams
from workflow.processes import worker_registry
from workflow.processes.lease_owner import process_start
from workflow.queue import dispatch_gate
from workflow.queue.database_broker import DatabaseBroker
from workflow.queue.task_names import probe_key

CLUSTER = "run-1"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a process of one cluster, whose looks into the queue between wake-ups take long to come."""
    monkeypatch.setenv(worker_registry.CLUSTER_VARIABLE, CLUSTER)
    monkeypatch.setattr(Conf, "POLL", 60.0)
    monkeypatch.setattr(dispatch_gate, "UNKNOWN_SECONDS", -1.0)
    monkeypatch.setattr(dispatch_gate.Outage, "PAUSE_SECONDS", 0.01)


@pytest.fixture
def broker() -> Iterator[DatabaseBroker]:
    """The cluster's broker, as its pusher has it."""
    broker = DatabaseBroker()
    yield broker
    broker.close()


@pytest.fixture
def ear() -> Iterator[datagrams.Receiver]:
    """Hears wake-ups."""
    ear = datagrams.Receiver(dispatch_gate.SUFFIX)
    yield ear
    ear.close()


def queue(*payloads: str, key: str = "") -> None:
    for payload in payloads:
        OrmQ.objects.create(key=key or Conf.CLUSTER_NAME, payload=payload, lock=timezone.now())


def taken(broker: DatabaseBroker) -> list[str]:
    return [payload for _, payload in broker.dequeue() or []]


@pytest.mark.django_db(transaction=True)
def test_clusters_are_woken_after_the_commit_and_not_without_one(
    broker: DatabaseBroker, ear: datagrams.Receiver
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        broker.enqueue("never")
        raise ZeroDivisionError
    with transaction.atomic():
        broker.enqueue("task")
        before = ear.take()

    assert (before, len(ear.take())) == ([], 1)
    assert [row.payload for row in OrmQ.objects.all()] == ["task"]


def test_rows_are_handed_out_in_order_one_for_each_idle_worker(broker: DatabaseBroker) -> None:
    queue("first", "second")
    worker = worker_registry.Registration()

    got = [taken(broker), taken(broker)]
    worker.begin()
    busy = taken(broker)
    worker.rest()
    dispatch_gate.wake_idle(CLUSTER)

    assert (got, busy, taken(broker)) == ([["first"], []], [], ["second"])


def test_task_that_was_taken_before_the_first_worker_came_is_its(
    broker: DatabaseBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch_gate, "UNKNOWN_SECONDS", 60.0)
    queue("first", "second")

    nobody = [taken(broker), taken(broker)]
    worker = worker_registry.Registration()
    came = taken(broker)
    worker.begin()
    busy = taken(broker)
    worker.rest()
    dispatch_gate.wake_idle(CLUSTER)

    assert (nobody, came, busy, taken(broker)) == ([["first"], []], [], [], ["second"])


def test_worker_that_joins_while_a_task_is_underway_leaves_nothing_in_memory(broker: DatabaseBroker) -> None:
    queue("first", "second", "third")
    worker = worker_registry.Registration()
    own = next(worker_registry.folder(CLUSTER).iterdir())
    first = taken(broker)
    with subprocess.Popen(["sleep", "60"]) as process:
        other = own.with_name(f"{process.pid}-{process_start(process.pid)}")
        other.write_bytes(own.read_bytes())
        dispatch_gate.wake_idle(CLUSTER)
        second = taken(broker)
        worker.begin()
        other.write_bytes(own.read_bytes())
        dispatch_gate.wake()

        assert (first, second, taken(broker)) == (["first"], ["second"], [])
        process.kill()


def test_ring_of_another_cluster_whose_worker_is_idle_is_not_heard() -> None:
    with closing(dispatch_gate.DispatchGate()) as here:
        dispatch_gate.wake_idle("run-2")
        other = here.wait(0)
        dispatch_gate.wake_idle(CLUSTER)

        assert (other, here.wait(1)) == (False, True)


def test_task_that_died_with_its_worker_does_not_keep_its_place_for_ever(broker: DatabaseBroker) -> None:
    queue("lost", "next")
    worker_registry.Registration()
    own = next(worker_registry.folder(CLUSTER).iterdir())
    with subprocess.Popen(["sleep", "60"]) as worker:
        own.rename(own.with_name(f"{worker.pid}-{process_start(worker.pid)}"))
        assert taken(broker) == ["lost"]
        worker.kill()
    worker_registry.Registration()

    dispatch_gate.wake_idle(CLUSTER)

    assert taken(broker) == ["next"]
    assert [path.name.split("-")[0] for path in worker_registry.folder(CLUSTER).iterdir()] == [
        str(os.getpid())
    ]


def test_probe_goes_to_its_own_cluster_only(broker: DatabaseBroker) -> None:
    queue("other's", key=probe_key(Conf.CLUSTER_NAME, "run-2"))
    queue("own", key=probe_key(Conf.CLUSTER_NAME, CLUSTER))

    assert (taken(broker), taken(broker)) == (["own"], [])


def test_retired_cluster_takes_nothing_more(broker: DatabaseBroker) -> None:
    queue("task")
    worker_registry.Registration()
    worker_registry.retire(CLUSTER)

    assert taken(broker) == []


def test_row_that_is_taken_comes_again_after_the_retry_time(broker: DatabaseBroker) -> None:
    queue("task")
    assert taken(broker) == ["task"]

    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))

    assert taken(broker) == ["task"]


def test_outage_is_logged_once_and_waited_out(
    broker: DatabaseBroker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
) -> None:
    queue("task")

    def gone(list_key: str | None = None) -> object:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr("workflow.queue.database_broker.connections", {Conf.ORM: CannotBeClosed()})
        patch.setattr(broker, "get_connection", gone)
        during = [taken(broker) for _ in range(3)]
        broker.acknowledge(1)

    assert during == [[], [], []]
    assert taken(broker) == ["task"]
    messages = [record.message for record in caplog.records if record.name == "workflow.queue.dispatch_gate"]
    assert [message.split(":")[0] for message in messages] == [
        "the queue does not answer",
        "the queue answers again",
    ]


class CannotBeClosed:
    """The test's own connection is in a transaction."""

    def close(self) -> None:
        """Stay."""


def test_without_a_socket_the_queue_is_looked_at_all_the_time(
    broker: DatabaseBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(suffix: str) -> object:
        raise PermissionError("not a private folder")

    monkeypatch.setattr(datagrams, "Receiver", refuse)
    empty = taken(broker)
    queue("task")

    assert (empty, taken(broker)) == ([], ["task"])


@pytest.mark.django_db(transaction=True)
def test_clusters_at_once_take_each_row_once() -> None:
    queue(*(str(number) for number in range(40)))

    def take() -> list[str]:
        broker, found = DatabaseBroker(), []
        try:
            while payloads := taken(broker):
                found += payloads
        finally:
            broker.close()
            connection.close()
        return found

    results = together([take] * 4)

    assert sorted(int(each) for found in results for each in found) == list(range(40))  # type: ignore[attr-defined]
