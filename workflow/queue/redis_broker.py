"""Keeps django-q2's queue in Redis, for several machines: no error ends the pusher, no idle socket counts as dead.

Tasks are lost where Redis is flushed, or a cluster that took them is killed: the pacemaker queues them again.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

from django_q.brokers.redis_broker import Redis as DjangoQ2Redis
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage
from redis import Redis, RedisError

from . import dispatch_gate
from .task_names import Task, probe_key

logger = logging.getLogger(__name__)

# How long one call waits for a task inside Redis.
BLOCK_SECONDS = 1
# A Redis that has gone silent is noticed after so long. It must be longer than any wait inside Redis, for which
# redis-py cannot tell a quiet socket from a dead one: its version 8 takes 5 s where nothing is said.
SOCKET_SECONDS = 5
CONNECT_SECONDS = 2
PROBE_SECONDS = 600


@cache
def connection_to(url: str) -> Redis:
    """Return this process's client; forked processes get connections of their own from its pool."""
    client: Redis = Redis.from_url(
        url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=30
    )
    return client


class RedisBroker(DjangoQ2Redis):  # type: ignore[misc]
    """Takes tasks out of Redis for idle workers only: one that is taken and not begun is lost with its cluster."""

    is_in_database = False

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key=list_key)
        self._queue = list_key or Conf.CLUSTER_NAME
        self._gate: dispatch_gate.DispatchGate | None = None
        self._outage = dispatch_gate.Outage()

    @staticmethod
    def get_connection(list_key: str | None = None) -> Redis:
        """Return the process's client instead of one for each broker."""
        return connection_to(Conf.REDIS)

    def enqueue(self, task: str) -> int:
        """Queue the task. A probe expires after ten minutes."""
        length: int = super().enqueue(task)
        # Only the queue of one cluster's probes has a colon (`names.probe_key`).
        if ":" in self._queue:
            self.connection.expire(self.list_key, PROBE_SECONDS)
        return length

    def dequeue(self) -> Sequence[tuple[None, bytes]] | None:
        """Return the next task for an idle worker, or None after a wait of at most a second.

        Never raises: after an error django-q2's pusher sleeps for ten seconds and ends.
        """
        if self._gate is None:
            self._gate = dispatch_gate.DispatchGate()
        if not self._gate.has_room():
            self._gate.wait()
            return None
        try:
            # The probes first: behind a long queue they would say nothing of the workers.
            taken = self.connection.blpop([self._probes(self._gate.cluster), self.list_key], BLOCK_SECONDS)
        except Exception as error:
            self._outage.go_on(error)
            return None
        self._outage.end()
        if taken is None:
            return None
        self._gate.hand_out(1)
        return [(None, taken[1])]

    def ping(self) -> bool:
        """Return whether Redis answers; a cluster starts without it too, and works once it is there."""
        try:
            return bool(self.connection.ping())
        except RedisError as error:
            logger.warning("Redis does not answer: %s", error)
            return False

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Store the cluster's statistics, where Redis answers."""
        with suppress(RedisError):
            super().set_stat(key, value, timeout)

    def waiting_tasks(self) -> list[Task]:
        """Return the tasks that no cluster has taken."""
        return [task for task in map(_read, self.connection.lrange(self.list_key, 0, -1)) if task]

    def probe(self) -> None:
        """Raise RedisError where Redis is away."""
        self.connection.ping()

    def sweep_probes(self) -> None:
        """Do nothing: probes expire by themselves."""

    def close(self) -> None:
        """Stop listening; the next `dequeue` opens a new gate."""
        if self._gate is not None:
            self._gate.close()
        self._gate = None

    def _probes(self, cluster: str) -> str:
        return f"django_q:{probe_key(self._queue, cluster)}:q"


def _read(package: bytes) -> Task | None:
    try:
        task: Task = SignedPackage.loads(package)
    except (TypeError, BadSignature):
        return None
    return task
