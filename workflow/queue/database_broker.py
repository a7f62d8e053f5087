"""Keeps django-q2's queue in the database: a wake-up is a row of its transaction, and clusters are told after it."""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from chapterflow_site.core import crash_points

from . import dispatch_gate
from .task_names import Task, probe_key

logger = logging.getLogger(__name__)

# How many rows to try at once where other clusters are faster.
TRIES = 20
PROBE_LIFETIME = timedelta(minutes=10)


class DatabaseBroker(ORM):  # type: ignore[misc]
    """Waits on a socket instead of sleeping; takes rows one at a time, in the order of their ids."""

    is_in_database = True

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key=list_key)
        self._gate: dispatch_gate.DispatchGate | None = None
        self._outage = dispatch_gate.Outage()
        self._look_at = 0.0

    def enqueue(self, task: str) -> int:
        """Queue the task with the transaction; wake the clusters once it is committed."""
        pk: int = super().enqueue(task)
        # Only then can a cluster see the row: one that looked before would sleep until its next poll.
        transaction.on_commit(dispatch_gate.wake, using=Conf.ORM, robust=True)
        return pk

    def dequeue(self) -> Sequence[tuple[int, str]] | None:
        """Return the next task for an idle worker, or None after a short wait.

        Never raises: after an error django-q2's pusher sleeps for ten seconds and ends.
        """
        try:
            return self._next()
        except Exception as error:
            connections[Conf.ORM].close()
            self._look_at = 0.0
            self._outage.go_on(error)
            return None

    def acknowledge(self, task_id: int) -> None:
        """Delete a finished task. Where that fails it comes again much later, which does no harm."""
        try:
            with crash_points.around("take_out_wake_up"):
                super().acknowledge(task_id)
        except Exception as error:
            logger.warning("a finished wake-up could not be taken out of the queue: %s", error)
            connections[Conf.ORM].close()

    def waiting_tasks(self) -> list[Task]:
        """Return the tasks that no cluster has taken."""
        rows = self._rows().filter(key=self.list_key, lock__lte=timezone.now())
        return [row.task for row in rows.iterator()]

    def probe(self) -> None:
        """Take the database's lock for writing for a moment. Raises a database error where it is away."""
        with transaction.atomic(using=Conf.ORM), connections[Conf.ORM].cursor() as cursor:
            cursor.execute("SELECT 1")

    def sweep_probes(self) -> None:
        """Delete probes that no cluster has taken, or finished, for ten minutes."""
        old = timezone.now() - PROBE_LIFETIME
        self._rows().filter(key__startswith=probe_key(self.list_key, ""), lock__lt=old).delete()

    def close(self) -> None:
        """Stop listening; the next `dequeue` opens a new gate."""
        if self._gate is not None:
            self._gate.close()
        self._gate = None

    def _next(self) -> Sequence[tuple[int, str]] | None:
        # Not in `__init__`: brokers are made before django-q2 forks, and the socket is the pusher's own.
        if self._gate is None:
            self._gate = dispatch_gate.DispatchGate()
        gate, now = self._gate, time.monotonic()
        is_woken = now < self._look_at and gate.wait(self._look_at - now)
        if not is_woken and time.monotonic() < self._look_at:
            return None
        self._look_at = time.monotonic() + Conf.POLL
        # A row that is taken while all workers are busy could not be taken by an idle cluster.
        if not gate.has_room():
            return None
        taken = self._take(gate.cluster)
        self._outage.end()
        if taken is None:
            return None
        # Another row may wait behind it: look again without waiting.
        self._look_at = 0.0
        gate.hand_out(1)
        return [taken]

    def _take(self, cluster: str) -> tuple[int, str] | None:
        """Take the oldest row that no other cluster takes first, this cluster's own probes among them."""
        keys = (self.list_key, probe_key(self.list_key, cluster))
        for _ in range(TRIES):
            row = self._rows().filter(key__in=keys, lock__lte=timezone.now()).order_by("pk").first()
            if row is None:
                return None
            if self._is_ours(row):
                return row.pk, row.payload
        return None

    def _is_ours(self, row: OrmQ) -> bool:
        """Take the row. Returns False where another cluster was faster."""
        # Compare-and-set on the time until which it is taken: of two clusters only one changes the row.
        with crash_points.around("take_wake_up"):
            return bool(self._rows().filter(pk=row.pk, lock=row.lock).update(lock=self.timeout(row)))

    def _rows(self) -> QuerySet[OrmQ]:
        rows: QuerySet[OrmQ] = self.get_connection().all()
        return rows
