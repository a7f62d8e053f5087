"""Probes each cluster of the run, and retires one that answers no probe although it has an idle worker.

A cluster of django-q2 can be wedged: an idle worker hangs, or is killed in the instant in which it holds the lock on
the queue in memory (`queue.cluster.TaskQueue`).
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from workflow.processes import lease_owner, worker_registry
from workflow.queue import health_probe

from . import recovery

logger = logging.getLogger(__name__)

# A queue that takes longer to answer than this was out of order: nothing can be said of who waits for it.
SLOW_SECONDS = 1.0
# A look that comes so late was held up itself: by the database, or with the whole machine.
LATE_SECONDS = 5.0


@dataclass
class ClusterWatch:
    """What is known of one cluster. `pending` is the number of the oldest probe without an answer; 0 for none."""

    sent_at: float = -math.inf
    pending: int = 0
    pending_since: float = 0.0
    short_since: float | None = None


class Watchdog:
    """Checks all clusters once a second; sends each a probe every `CHAPTERFLOW_CANARY_SECONDS`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watches: dict[str, ClusterWatch] = {}
        self._looked_at = clock()

    def tick(self) -> None:
        """Check each cluster of this run once."""
        if self._clock() - self._looked_at > LATE_SECONDS:
            self.excuse()
        self._looked_at = self._clock()
        clusters = worker_registry.clusters_of(lease_owner.current_run())
        if clusters and not self._watches:
            health_probe.sweep()
        self._watches = {cluster: self._watches.get(cluster, ClusterWatch()) for cluster in clusters}
        for cluster, watch in self._watches.items():
            if worker_registry.answered(cluster) >= watch.pending:
                watch.pending = 0
            if watch.pending and self._is_wedged(cluster, watch):
                self._replace(cluster)
            elif self._clock() - watch.sent_at >= settings.CHAPTERFLOW_CANARY_SECONDS:
                self._send(cluster, watch)

    def excuse(self) -> None:
        """Count all waits for an answer from now: in an outage no cluster could answer."""
        for watch in self._watches.values():
            watch.pending_since = self._clock()

    def _send(self, cluster: str, watch: ClusterWatch) -> None:
        # Grows from probe to probe and from pacemaker to pacemaker, so that an old answer never counts for a new probe.
        number = time.monotonic_ns()
        watch.sent_at = self._clock()
        if not health_probe.send(cluster, number):
            self.excuse()
            return
        # The wait is that of the oldest probe without an answer; those sent after it do not shorten it.
        if not watch.pending:
            watch.pending, watch.pending_since = number, watch.sent_at

    def _is_wedged(self, cluster: str, watch: ClusterWatch) -> bool:
        """Return whether a probe waits for too long, and all that time a worker was idle or missing."""
        spare_since = self._spare_since(cluster, watch)
        if spare_since is None:
            return False
        if not self._queue_answers():
            self.excuse()
            return False
        return self._clock() - max(watch.pending_since, spare_since) >= settings.CHAPTERFLOW_WEDGED_SECONDS

    def _spare_since(self, cluster: str, watch: ClusterWatch) -> float | None:
        is_short = worker_registry.living_count(cluster) < settings.CHAPTERFLOW_WORKERS
        if not is_short:
            watch.short_since = None
        elif watch.short_since is None:
            watch.short_since = self._clock()
        known = [
            moment
            for moment in (worker_registry.spare_since(cluster), watch.short_since)
            if moment is not None
        ]
        return min(known, default=None)

    def _queue_answers(self) -> bool:
        began = time.monotonic()
        return health_probe.probe() and time.monotonic() - began < SLOW_SECONDS

    def _replace(self, cluster: str) -> None:
        logger.error(
            "the workers of %s take nothing any more although one has nothing to do; they are replaced",
            cluster,
        )
        worker_registry.retire(cluster)
        health_probe.forget(cluster)
        # What the old workers had taken and not begun would count as on its way for half a minute.
        recovery.forget_wake_ups()
