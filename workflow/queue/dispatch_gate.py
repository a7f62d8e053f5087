"""The door of a cluster: its pusher waits there for a ring, and takes no more than idle workers can begin at once."""

import logging
import time
from contextlib import suppress

from workflow.notify import datagrams
from workflow.processes import worker_registry

logger = logging.getLogger(__name__)

SUFFIX = ".door"
# How long a call waits at most: the pusher looks in between whether it shall stop.
WAIT_SECONDS = 0.25
# How long one task is waited for while no worker is known.
UNKNOWN_SECONDS = 1.0
# How often to look where no socket could be made.
DEAF_SECONDS = 0.05

_NEWS = b"N"
_IDLE = b"I"


def ring() -> None:
    """Tell the clusters of this machine that something was queued. Never blocks, never raises."""
    with suppress(OSError):
        _ring(_NEWS)


def ring_idle(cluster: str) -> None:
    """Tell the cluster that one of its workers has nothing to do. Never blocks, never raises."""
    with suppress(OSError):
        _ring(_IDLE + cluster.encode())


def _ring(datagram: bytes) -> None:
    listening = datagrams.listening(SUFFIX)
    if listening:
        datagrams.send(datagram, listening)


class DispatchGate:
    """The pusher's end, made in the pusher's own process."""

    def __init__(self) -> None:
        self.cluster = worker_registry.current_cluster()
        self._handed_count = 0
        self._handed_at = 0.0
        self._names: frozenset[str] = frozenset()
        self._receiver = _open_ear()

    def wait(self, seconds: float = WAIT_SECONDS) -> bool:
        """Wait for a ring that concerns this cluster, at most so long. Returns whether there was one."""
        if self._receiver is None:
            time.sleep(min(seconds, DEAF_SECONDS))
            return True
        self._receiver.wait(max(0.0, min(seconds, WAIT_SECONDS)))
        return any(self._concerns(datagram) for datagram in self._receiver.take())

    def has_room(self) -> bool:
        """Return whether a worker is idle for whom nothing was handed out yet.

        So that a wake-up never waits in the memory of a busy cluster, where no other could take it. Before the first
        worker is known there is room for one; where none can make itself known, for one more each second.
        """
        if worker_registry.is_retired(self.cluster):
            return False
        living = self._living()
        taken_count = sum(member.taken_count for member in living)
        # What was forgotten with a worker that died may have reached another one.
        self._handed_count = max(self._handed_count, taken_count)
        underway = self._handed_count - taken_count
        if not living:
            return not underway or time.monotonic() - self._handed_at > UNKNOWN_SECONDS
        return underway < sum(not member.is_busy for member in living)

    def hand_out(self, count: int) -> None:
        """Note that so many tasks are on their way to the workers."""
        self._handed_count += count
        self._handed_at = time.monotonic()

    def close(self) -> None:
        """Stop listening."""
        if self._receiver is not None:
            self._receiver.close()

    def _living(self) -> list[worker_registry.WorkerRecord]:
        """Return the living workers. When one is gone the count begins anew: it may have died with a task."""
        workers_of_cluster = worker_registry.workers_of_cluster(self.cluster)
        living = [member for member in workers_of_cluster if member.is_alive]
        names = frozenset(member.name for member in living)
        if self._names - names:
            self._handed_count = sum(member.taken_count for member in living)
        self._names = names
        for member in set(workers_of_cluster) - set(living):
            worker_registry.forget_worker(self.cluster, member)
        return living

    def _concerns(self, datagram: bytes) -> bool:
        return datagram == _NEWS or datagram == _IDLE + self.cluster.encode()


def _open_ear() -> datagrams.Receiver | None:
    try:
        return datagrams.Receiver(SUFFIX)
    except OSError as error:
        logger.warning("no doorbell: %s; the queue is looked at each %s s", error, DEAF_SECONDS)
        return None


class Outage:
    """Says once that the queue does not answer, and once that it does again."""

    PAUSE_SECONDS = 0.5

    def __init__(self) -> None:
        self._is_on = False

    def go_on(self, error: Exception) -> None:
        """Note a failure, and wait a little before the next try."""
        if not self._is_on:
            logger.warning("the queue does not answer: %s; tried again each %s s", error, self.PAUSE_SECONDS)
        self._is_on = True
        time.sleep(self.PAUSE_SECONDS)

    def end(self) -> None:
        """Note that it answers."""
        if self._is_on:
            logger.warning("the queue answers again")
        self._is_on = False
