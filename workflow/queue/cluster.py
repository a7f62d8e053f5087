"""Runs django-q2's cluster so that no process of it is left once its supervisor is gone."""

import os
import signal
import time
from multiprocessing.connection import wait
from queue import Empty
from types import FrameType

import django_q.cluster
from django.utils.module_loading import import_string
from django_q.cluster import Cluster as QueueCluster
from django_q.queues import Queue

from workflow.processes import stopping

from .task_names import ADVANCE

# Workers that stop in order give their chapter back within eight seconds.
STOP_SECONDS = 13
# How long one waits where another was faster, or has the lock.
LOST_SECONDS = 0.005


class TaskQueue(Queue):  # type: ignore[misc]
    """The queue in memory between pusher and workers, for which nobody waits with its lock.

    A worker that is killed while it waits, perhaps with dozens of chapters in its pool, would take the lock along, and
    no other could take a task any more.
    """

    def get(self, block: bool = True, timeout: float | None = None) -> object:
        """Return the next task; wait for it where `block`. Raises Empty."""
        if not block or timeout is not None:
            return super().get(block, timeout)
        while True:
            wait([self._reader])
            try:
                # The lock is held for as long as it takes to read one task that is there.
                return super().get(block=False)
            except Empty:
                time.sleep(LOST_SECONDS)


class Cluster(QueueCluster):  # type: ignore[misc]  # django-q2 has no types
    """Stops in order on a signal, and kills itself where that takes too long: a locked queue is waited for without end.

    Its processes are a group of their own, which the supervisor starts.
    """

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Stop, within thirteen seconds."""
        # An alarm reaches the process even where it waits for a lock of its own that nobody gives back.
        signal.signal(signal.SIGALRM, _kill_group)
        signal.alarm(STOP_SECONDS)
        super().sig_handler(signum, frame)


def load_tasks() -> None:
    """Load what the workers will call, once and before they are forked, so that they share it."""
    import_string(ADVANCE)


def run() -> None:
    """Run a cluster until it is stopped. Its processes end with their parent (Linux only)."""
    django_q.cluster.Queue = TaskQueue
    os.register_at_fork(after_in_child=lambda: stopping.end_with_parent(signal.SIGKILL))
    Cluster().start()


def _kill_group(number: int, frame: FrameType | None) -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    # Started by hand, it is in the shell's group, which is not ours to kill.
    os.kill(os.getpid(), signal.SIGKILL)
