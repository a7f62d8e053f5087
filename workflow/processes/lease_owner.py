"""Names this process as the owner of a lease, and tells whether an owner of a lease can still be alive.

An owner is `run:pid:process start time`. A run is one start of `up`, `work` or `write_book` with all its processes;
each of them holds the run's lock file open, so that a lock which can be taken means that the whole run is dead.
"""

import fcntl
import os
import secrets
from functools import cache
from pathlib import Path

from django.conf import settings

RUN_VARIABLE = "CHAPTERFLOW_RUN"


def runs_dir() -> Path:
    """Return the folder of lock files, made where it is missing."""
    folder = Path(settings.DATA_DIR) / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def lock_path(run: str) -> Path:
    """Return the lock file of `run`."""
    return runs_dir() / f"{run}.lock"


def new_run() -> tuple[str, int]:
    """Begin a run: make and lock its file. Returns its id and the open file, which children must inherit."""
    run = secrets.token_hex(6)
    # The kernel gives a lock up when the last process that has the file open ends, however it ends.
    descriptor = os.open(lock_path(run), os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return run, descriptor


@cache
def _run_of(pid: int) -> str:
    given = os.environ.get(RUN_VARIABLE, "")
    if given:
        return given
    run, descriptor = new_run()
    # A program that this process starts is no worker, and must not keep the run alive.
    os.set_inheritable(descriptor, False)
    return run


def current_run() -> str:
    """Return this process's run: its supervisor's, or one of its own."""
    return _run_of(os.getpid())


def current_owner() -> str:
    """Return this process as the owner of leases."""
    pid = os.getpid()
    return f"{current_run()}:{pid}:{_start_of_this(pid)}"


@cache
def _start_of_this(pid: int) -> str:
    return process_start(pid)


# A forked child may get the process id of an ancestor that is gone, and would find its start here.
os.register_at_fork(after_in_child=_start_of_this.cache_clear)


def process_start(pid: int) -> str:
    """Return when the process began, in the kernel's ticks; "" where there is none or only its remains."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return "" if Path("/proc/self").exists() else _start_without_proc(pid)
    except OSError:
        return ""
    # The second field, the program's name, stands in brackets and may hold blanks and brackets itself.
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def _start_without_proc(pid: int) -> str:
    """Return "alive" for a process that answers: without /proc nothing tells it from a later one with its id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"


def is_surely_dead(owner: str) -> bool:
    """Return whether `owner` is known to be dead; False where this process cannot know, and the lease decides."""
    run, _, rest = owner.partition(":")
    pid, _, started = rest.partition(":")
    if run == current_run():
        return pid.isdecimal() and process_start(int(pid)) != started
    return run_is_dead(run)


def run_is_dead(run: str) -> bool:
    """Return whether no process of `run` lives; False for a run of another machine, which has no lock file here."""
    if not run.isalnum():
        return False
    try:
        descriptor = os.open(lock_path(run), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def forget_dead_runs(needed: set[str]) -> list[str]:
    """Remove the files of dead runs that own nothing any more. Returns these runs."""
    forgotten = []
    for path in runs_dir().glob("*.lock"):
        if path.stem not in needed and path.stem != current_run() and run_is_dead(path.stem):
            path.with_suffix(".stop").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            forgotten.append(path.stem)
    return forgotten
