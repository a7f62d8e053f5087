"""Lets a cluster's pusher wait until something is queued, and take no more tasks than it has idle workers."""

import logging
import time
from contextlib import suppress

from workflow.notify import datagrams
from workflow.processes import worker_registry

logger = logging.getLogger(__name__)

# The name of before: clusters and senders of the release before meet here during an upgrade.
SUFFIX = ".door"
# How long a call waits at most: between calls django-q2's pusher looks whether it shall stop.
WAIT_SECONDS = 0.25
# How long after a task the next one is handed out while no worker is recorded.
UNKNOWN_SECONDS = 1.0
# How often to look where no socket could be made.
DEAF_SECONDS = 0.05

_NEWS = b"N"
_IDLE = b"I"


def wake() -> None:
    """Wake the pushers of this machine's clusters: something was queued. Never blocks, never raises."""
    with suppress(OSError):
        _send(_NEWS)


def wake_idle(cluster: str) -> None:
    """Wake the cluster's pusher: one of its workers is idle. Never blocks, never raises."""
    with suppress(OSError):
        _send(_IDLE + cluster.encode())


def _send(datagram: bytes) -> None:
    listening = datagrams.listening(SUFFIX)
    if listening:
        datagrams.send(datagram, listening)


class DispatchGate:
    """Where a cluster's pusher waits, and counts what it has handed out; made in the pusher's own process."""

    def __init__(self) -> None:
        self.cluster = worker_registry.current_cluster()
        self._handed_count = 0
        self._handed_at = 0.0
        self._names: frozenset[str] = frozenset()
        self._receiver = _open_receiver()

    def wait(self, seconds: float = WAIT_SECONDS) -> bool:
        """Wait for a wake-up that concerns this cluster, at most so many seconds. Returns whether there was one."""
        if self._receiver is None:
            time.sleep(min(seconds, DEAF_SECONDS))
            return True
        self._receiver.wait(max(0.0, min(seconds, WAIT_SECONDS)))
        return any(self._concerns(datagram) for datagram in self._receiver.take())

    def has_room(self) -> bool:
        """Return whether the cluster has an idle worker for which no task is on its way.

        A task never waits in the memory of a busy cluster, where no other could take it. While no worker is recorded
        there is room for one task, and for one more each second, because a full disk keeps workers from the record.
        """
        if worker_registry.is_retired(self.cluster):
            return False
        living = self._living()
        taken_count = sum(worker.taken_count for worker in living)
        # After a worker's death the count began again (`_living`), but what was on its way may have reached another.
        self._handed_count = max(self._handed_count, taken_count)
        underway = self._handed_count - taken_count
        if not living:
            return not underway or time.monotonic() - self._handed_at > UNKNOWN_SECONDS
        return underway < sum(not worker.is_busy for worker in living)

    def hand_out(self, count: int) -> None:
        """Count so many tasks as on their way to the workers."""
        self._handed_count += count
        self._handed_at = time.monotonic()

    def close(self) -> None:
        """Stop listening."""
        if self._receiver is not None:
            self._receiver.close()

    def _living(self) -> list[worker_registry.WorkerRecord]:
        """Return the living workers; where one has died, count again from what the others took.

        The dead one may have held a task, which would count as on its way for ever.
        """
        workers_of_cluster = worker_registry.workers_of_cluster(self.cluster)
        living = [worker for worker in workers_of_cluster if worker.is_alive]
        names = frozenset(worker.name for worker in living)
        if self._names - names:
            self._handed_count = sum(worker.taken_count for worker in living)
        self._names = names
        for worker in set(workers_of_cluster) - set(living):
            worker_registry.forget_worker(self.cluster, worker)
        return living

    def _concerns(self, datagram: bytes) -> bool:
        return datagram == _NEWS or datagram == _IDLE + self.cluster.encode()


def _open_receiver() -> datagrams.Receiver | None:
    try:
        return datagrams.Receiver(SUFFIX)
    except OSError as error:
        logger.warning("no socket to wait at: %s; the queue is looked at each %s s", error, DEAF_SECONDS)
        return None


class Outage:
    """Logs once that the queue does not answer, and once that it answers again."""

    PAUSE_SECONDS = 0.5

    def __init__(self) -> None:
        self._is_on = False

    def go_on(self, error: Exception) -> None:
        """Record a failure, and wait half a second before the next try."""
        if not self._is_on:
            logger.warning("the queue does not answer: %s; tried again each %s s", error, self.PAUSE_SECONDS)
        self._is_on = True
        time.sleep(self.PAUSE_SECONDS)

    def end(self) -> None:
        """Record that the queue answers."""
        if self._is_on:
            logger.warning("the queue answers again")
        self._is_on = False
