"""Records which workers a cluster has and which of them are idle, for every process of the machine.

Each cluster has a folder, each of its workers a small file in it that only the worker writes.
"""

import os
import shutil
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .lease_owner import process_start, runs_dir

CLUSTER_VARIABLE = "CHAPTERFLOW_CLUSTER"
RETIRED = "retired"
ANSWERED = "answered"

_RECORD = struct.Struct("!?dQ")


@dataclass(frozen=True)
class WorkerRecord:
    """What a worker's file says: busy or idle, since when (`time.monotonic`, seconds), how many tasks it has taken."""

    name: str
    is_busy: bool
    since: float
    taken_count: int

    @property
    def is_alive(self) -> bool:
        """Whether its process still is the one that wrote the file."""
        pid, _, started = self.name.partition("-")
        return process_start(int(pid)) == started


def folder(cluster: str) -> Path:
    """Return the cluster's folder, which need not exist."""
    # The name of before: a cluster of the release before may still run there.
    return runs_dir() / "crews" / cluster


def current_cluster() -> str:
    """Return this worker's or pusher's cluster: named by its supervisor or, without one, by its parent."""
    return os.environ.get(CLUSTER_VARIABLE) or f"alone-{os.getppid()}"


def clusters_of(run: str) -> list[str]:
    """Return the clusters of a run that have, or had, workers and are not retired."""
    found = sorted(path.name for path in (runs_dir() / "crews").glob(f"{run}-*"))
    return [cluster for cluster in found if not is_retired(cluster)]


def workers_of_cluster(cluster: str) -> list[WorkerRecord]:
    """Return all workers that the cluster has had, dead ones too."""
    found = []
    for path in folder(cluster).glob("*-*"):
        with suppress(OSError, struct.error):
            found.append(WorkerRecord(path.name, *_RECORD.unpack(path.read_bytes())))
    return found


def spare_since(cluster: str) -> float | None:
    """Return since when the worker that is idle longest has been idle; None where all living workers are busy."""
    idle = [worker.since for worker in workers_of_cluster(cluster) if not worker.is_busy and worker.is_alive]
    return min(idle, default=None)


def busy_count(cluster: str) -> int:
    """Return how many living workers are busy."""
    return sum(worker.is_busy and worker.is_alive for worker in workers_of_cluster(cluster))


def living_count(cluster: str) -> int:
    """Return how many workers live."""
    return sum(worker.is_alive for worker in workers_of_cluster(cluster))


def living_here() -> int:
    """Return how many workers of this machine live, those of retired clusters left out."""
    clusters = [path.name for path in (runs_dir() / "crews").glob("*")]
    return sum(living_count(cluster) for cluster in clusters if not is_retired(cluster))


def forget_worker(cluster: str, worker: WorkerRecord) -> None:
    """Remove the file of a dead worker."""
    (folder(cluster) / worker.name).unlink(missing_ok=True)


def retire(cluster: str) -> None:
    """Mark the cluster as retired: it takes no more tasks, and its supervisor starts another.

    Raises OSError on a full disk.
    """
    _make_private(folder(cluster))
    (folder(cluster) / RETIRED).touch(mode=0o600)


def is_retired(cluster: str) -> bool:
    """Return whether the cluster is retired."""
    return (folder(cluster) / RETIRED).exists()


def disband(cluster: str) -> None:
    """Remove the folder of a cluster that has ended."""
    shutil.rmtree(folder(cluster), ignore_errors=True)


def disband_run(run: str) -> None:
    """Remove the folders of the clusters of a run that has ended."""
    for path in (runs_dir() / "crews").glob(f"{run}-*"):
        shutil.rmtree(path, ignore_errors=True)


def note_answer(cluster: str, number: int) -> None:
    """Note that probe `number` came through the cluster."""
    path = folder(cluster) / ANSWERED
    with suppress(OSError):
        path.touch(mode=0o600)
        path.write_text(str(number))


def answered(cluster: str) -> int:
    """Return the number of the probe that came through last; 0 where none has."""
    try:
        return int((folder(cluster) / ANSWERED).read_text() or 0)
    except (OSError, ValueError):
        return 0


class Registration:
    """Records this process as a worker of its cluster. Where the disk is full it works all the same, unrecorded."""

    def __init__(self) -> None:
        self._path = folder(current_cluster()) / f"{os.getpid()}-{process_start(os.getpid())}"
        self._taken_count = 0
        with suppress(OSError):
            _make_private(self._path.parent)
        self._write(False)

    def begin(self) -> None:
        """Record that a task was taken."""
        self._taken_count += 1
        self._write(True)

    def rest(self) -> None:
        """Record that the worker is idle."""
        self._write(False)

    def leave(self) -> None:
        """Remove the record."""
        self._path.unlink(missing_ok=True)

    def _write(self, is_busy: bool) -> None:
        # One call of fixed length, in place: a reader sees the record of before or this one, never half of it.
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, _RECORD.pack(is_busy, time.monotonic(), self._taken_count), 0)
            finally:
                os.close(descriptor)


def _make_private(path: Path) -> None:
    """Make a cluster's folder and the one that holds all of them, for this account only."""
    # One by one: `parents=True` would make the upper one with the usual rights, readable by all.
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
