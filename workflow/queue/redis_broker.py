"""django-q2's Redis broker, for several machines: no error ends the pusher, and no idle socket is taken for a dead one.

What was in Redis when it was flushed, or in the hands of a killed cluster, is lost: the pacemaker wakes again.
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
from .names import Task, probe_key

logger = logging.getLogger(__name__)

# How long one call waits for a wake-up inside Redis.
BLOCK_SECONDS = 1
# A Redis that is gone silent is noticed after so long. It must be longer than any wait inside Redis, for which
# redis-py cannot tell a quiet socket from a dead one: its version 8 takes 5 s where nothing is said.
SOCKET_SECONDS = 5
CONNECT_SECONDS = 2
CANARY_SECONDS = 600


@cache
def connection_to(url: str) -> Redis:
    """Return this process's client; forked processes get connections of their own from its pool."""
    client: Redis = Redis.from_url(
        url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=30
    )
    return client


class RedisBroker(DjangoQ2Redis):  # type: ignore[misc]
    """Takes wake-ups out of Redis for idle workers only: what it takes and cannot begin would be lost with it."""

    is_in_database = False

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key=list_key)
        self._queue = list_key or Conf.CLUSTER_NAME
        self._door: dispatch_gate.DispatchGate | None = None
        self._outage = dispatch_gate.Outage()

    @staticmethod
    def get_connection(list_key: str | None = None) -> Redis:
        """Return the process's client instead of one for each broker."""
        return connection_to(Conf.REDIS)

    def enqueue(self, task: str) -> int:
        """Queue. A probe does not outlive its cluster for long."""
        length: int = super().enqueue(task)
        if ":" in self._queue:
            self.connection.expire(self.list_key, CANARY_SECONDS)
        return length

    def dequeue(self) -> Sequence[tuple[None, bytes]] | None:
        """Return the next task for an idle worker, or None after a wait of at most a second. Never raises."""
        if self._door is None:
            self._door = dispatch_gate.DispatchGate()
        if not self._door.has_room():
            self._door.wait()
            return None
        try:
            taken = self.connection.blpop([self._probes(self._door.cluster), self.list_key], BLOCK_SECONDS)
        except Exception as error:
            self._outage.go_on(error)
            return None
        self._outage.end()
        if taken is None:
            return None
        self._door.hand_out(1)
        return [(None, taken[1])]

    def ping(self) -> bool:
        """Return whether Redis answers. A cluster starts without it too, and goes on when it is there."""
        try:
            return bool(self.connection.ping())
        except RedisError as error:
            logger.warning("Redis does not answer: %s", error)
            return False

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Keep the cluster's statistics, several times a second, where Redis answers."""
        with suppress(RedisError):
            super().set_stat(key, value, timeout)

    def waiting_tasks(self) -> list[Task]:
        """Return the tasks that no cluster has taken yet."""
        return [task for task in map(_read, self.connection.lrange(self.list_key, 0, -1)) if task]

    def probe(self) -> None:
        """Raise RedisError where Redis is away."""
        self.connection.ping()

    def sweep_probes(self) -> None:
        """Nothing to do: probes expire."""

    def close(self) -> None:
        """Stop listening; the next `dequeue` begins anew."""
        if self._door is not None:
            self._door.close()
        self._door = None

    def _probes(self, cluster: str) -> str:
        return f"django_q:{probe_key(self._queue, cluster)}:q"


def _read(package: bytes) -> Task | None:
    try:
        task: Task = SignedPackage.loads(package)
    except (TypeError, BadSignature):
        return None
    return task
