"""Asks the workers of a run to stop, tells each of them so, and ends a process whose parent died.

The request is a file: of the signals, django-q2's workers ignore SIGINT and die of SIGTERM with their chapter.
"""

import ctypes
import os
import sys
import threading
import time
from pathlib import Path

from django.conf import settings

from .lease_owner import RUN_VARIABLE, runs_dir

GRACE_SECONDS = 8.0
SET_PARENT_DEATH_SIGNAL = 1

_here = threading.Event()
_since: list[float] = []


def stop_path(run: str) -> Path:
    """Return the file whose presence asks the run's workers to stop."""
    return runs_dir() / f"{run}.stop"


def request(run: str) -> None:
    """Ask all workers of `run` to stop."""
    stop_path(run).touch(mode=0o600)


def request_here() -> None:
    """Ask this process alone to stop."""
    _here.set()


def reset() -> None:
    """Forget an earlier request of this process."""
    _here.clear()
    _since.clear()


def is_requested() -> bool:
    """Return whether this worker shall stop. From then on it claims nothing."""
    run = os.environ.get(RUN_VARIABLE, "")
    asked = _here.is_set() or bool(run and settings.IS_WORKER and stop_path(run).exists())
    # The grace begins when this worker first sees the request, not when it was made.
    if asked and not _since:
        _since.append(time.monotonic())
    return asked


def is_overdue() -> bool:
    """Return whether the running attempt must end now, because the grace of eight seconds is over."""
    return is_requested() and time.monotonic() - _since[0] >= GRACE_SECONDS


def end_with_parent(number: int) -> None:
    """Let the kernel send this process signal `number` when its parent dies, even by SIGKILL (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, number)
