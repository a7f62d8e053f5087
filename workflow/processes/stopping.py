"""Asks the workers of a run to stop, lets each of them know, and lets none outlive those who would stop it."""

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
    """Return whether this worker shall stop: it claims nothing more."""
    run = os.environ.get(RUN_VARIABLE, "")
    asked = _here.is_set() or bool(run and settings.IS_WORKER and stop_path(run).exists())
    if asked and not _since:
        _since.append(time.monotonic())
    return asked


def is_overdue() -> bool:
    """Return whether what is in flight must end now: the grace of eight seconds is over."""
    return is_requested() and time.monotonic() - _since[0] >= GRACE_SECONDS


def end_with_parent(number: int) -> None:
    """Let the kernel send this process a signal when its parent dies without a chance to (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, number)
