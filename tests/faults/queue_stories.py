"""A book that is driven by nothing but what its queue hands out, as a worker takes it."""

from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from workflow import tasks
from workflow.models import ProcessingSession
from workflow.processes import worker_registry
from workflow.queue.database_broker import DatabaseBroker
from workflow.workers import recovery

from .tellers import STORY
from .telling import started


def wake_ups() -> ProcessingSession:
    """Two chapters: each wake-up is taken, worked on and taken out; one that was only taken comes again."""
    session = started(2, STORY)
    broker, worker = DatabaseBroker(), worker_registry.Registration()
    recovery.reclaim_from_dead()
    recovery.wake_due()
    try:
        while taken := broker.dequeue():
            for pk, package in taken:
                worker.begin()
                tasks.advance_session(*SignedPackage.loads(package)["args"])
                broker.acknowledge(pk)
                worker.rest()
    finally:
        broker.close()
    assert not OrmQ.objects.exists(), "a wake-up is left in the queue"
    return session


def with_a_short_lock() -> None:
    """Let a wake-up that was taken and not taken out come again at once, and look without waiting for a ring."""
    Conf.RETRY = 0
    Conf.POLL = 0.0
