"""Who works in a cluster of workers, and who of them has nothing to do; known to every process of the machine.

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

_MEMBER = struct.Struct("!?dQ")


@dataclass(frozen=True)
class WorkerRecord:
    """A worker: busy or idle, since when (seconds of `time.monotonic`), and how many tasks it has taken so far."""

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
    return runs_dir() / "crews" / cluster


def current_cluster() -> str:
    """Return the cluster of this worker or pusher: named by its supervisor or, where it has none, by its parent."""
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
            found.append(WorkerRecord(path.name, *_MEMBER.unpack(path.read_bytes())))
    return found


def spare_since(cluster: str) -> float | None:
    """Return since when a living worker has had nothing to do, the longest of all; None where all are busy."""
    idle = [member.since for member in workers_of_cluster(cluster) if not member.is_busy and member.is_alive]
    return min(idle, default=None)


def busy_count(cluster: str) -> int:
    """Return how many living workers have something to do."""
    return sum(member.is_busy and member.is_alive for member in workers_of_cluster(cluster))


def living_count(cluster: str) -> int:
    """Return how many workers live."""
    return sum(member.is_alive for member in workers_of_cluster(cluster))


def living_here() -> int:
    """Return how many workers of all clusters of this machine live and may still take something."""
    clusters = [path.name for path in (runs_dir() / "crews").glob("*")]
    return sum(living_count(cluster) for cluster in clusters if not is_retired(cluster))


def forget_worker(cluster: str, member: WorkerRecord) -> None:
    """Remove the file of a worker that is dead."""
    (folder(cluster) / member.name).unlink(missing_ok=True)


def retire(cluster: str) -> None:
    """Let the cluster take nothing more, and its supervisor start another in its place."""
    _make_private(folder(cluster))
    (folder(cluster) / RETIRED).touch(mode=0o600)


def is_retired(cluster: str) -> bool:
    """Return whether the cluster shall take nothing more."""
    return (folder(cluster) / RETIRED).exists()


def disband(cluster: str) -> None:
    """Remove what is known of a cluster that is gone."""
    shutil.rmtree(folder(cluster), ignore_errors=True)


def disband_run(run: str) -> None:
    """Remove what is known of the clusters of a run that is gone."""
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
    """This process as a worker of its cluster. Where the disk is full it is not known, and works all the same."""

    def __init__(self) -> None:
        self._path = folder(current_cluster()) / f"{os.getpid()}-{process_start(os.getpid())}"
        self._taken_count = 0
        with suppress(OSError):
            _make_private(self._path.parent)
        self._write(False)

    def begin(self) -> None:
        """Note that a task was taken."""
        self._taken_count += 1
        self._write(True)

    def rest(self) -> None:
        """Note that it has nothing to do."""
        self._write(False)

    def _write(self, is_busy: bool) -> None:
        # In one call and in place, so that nobody reads half of it.
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(descriptor, _MEMBER.pack(is_busy, time.monotonic(), self._taken_count), 0)
            finally:
                os.close(descriptor)


def _make_private(path: Path) -> None:
    """Make a cluster's folder and the one of all clusters, which Python would make readable by all."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
