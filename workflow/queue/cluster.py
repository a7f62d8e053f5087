"""django-q2's cluster, of which nothing is left when its supervisor is gone, whatever state it is in."""

import os
import signal
from types import FrameType

from django_q.cluster import Cluster as QueueCluster

from workflow.processes import stopping

# Workers that stop in order give their chapter back within eight seconds.
STOP_SECONDS = 13


class Cluster(QueueCluster):  # type: ignore[misc]  # django-q2 has no types
    """Stops in order when told to, and is killed where it does not: one whose queue is locked would wait for ever.

    Its processes are a group of their own, which the supervisor starts.
    """

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Stop, within thirteen seconds."""
        signal.signal(signal.SIGALRM, _kill_group)
        signal.alarm(STOP_SECONDS)
        super().sig_handler(signum, frame)


def run() -> None:
    """Run a cluster until it is stopped. Nothing that it starts outlives whoever started it (Linux only)."""
    os.register_at_fork(after_in_child=lambda: stopping.end_with_parent(signal.SIGKILL))
    Cluster().start()


def _kill_group(number: int, frame: FrameType | None) -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    # Started by hand, its group is the shell's.
    os.kill(os.getpid(), signal.SIGKILL)
