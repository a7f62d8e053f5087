"""Starts child processes, restarts those that die, and stops all within 15 seconds without an orphan."""

import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from django.conf import settings

from workflow.processes import stopping, worker_registry
from workflow.processes.lease_owner import RUN_VARIABLE, lock_path, new_run

logger = logging.getLogger(__name__)

WORKERS = "workers"
WORKERS_HELP = (
    "how many worker processes write here (CHAPTERFLOW_WORKERS); each carries CHAPTERFLOW_CHAPTERS_PER_WORKER chapters "
    "by language models at once, and one of quotations"
)
POLL_SECONDS = 0.1
STOP_SECONDS = 13.0
HEALTHY_SECONDS = 20.0
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# From so many quick deaths in a row on, the report points to what the child said.
OFTEN = 4


@dataclass
class Child:
    """A process to keep running, in a process group of its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    quick_deaths: int = 0
    cluster: str = ""

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None


@dataclass(frozen=True)
class Retired:
    """A retired cluster: killed when none of its workers is busy, or at `until` (`time.monotonic`)."""

    process: subprocess.Popen[bytes]
    cluster: str
    until: float

    @property
    def is_over(self) -> bool:
        """Whether it can be killed: no worker is busy, or its time is over."""
        return time.monotonic() >= self.until or worker_registry.busy_count(self.cluster) == 0


class Supervisor:
    """Supervises one run, whose children share its id and hold its lock file open."""

    def __init__(self, children: Sequence[Child], report: Callable[[str], None]) -> None:
        self._children = list(children)
        self._report = report
        self._retired: list[Retired] = []
        self._stopping = False
        self.run_id, self._lock = new_run()

    def run(self, when_started: Callable[[], None] = lambda: None) -> None:
        """Keep the children running until SIGINT, SIGTERM or SIGHUP; then stop them all."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_signal)
        try:
            for child in self._children:
                self._start(child)
            when_started()
            while not self._stopping:
                self._keep_running()
                time.sleep(POLL_SECONDS)
        finally:
            self._stop_all()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, child: Child) -> None:
        if child.name == WORKERS:
            # A new name at each start: what the watchdog knows of the one before must not count for this one.
            child.cluster = f"{self.run_id}-{secrets.token_hex(3)}"
        own = {RUN_VARIABLE: self.run_id, worker_registry.CLUSTER_VARIABLE: child.cluster}
        child.process = subprocess.Popen(  # noqa: S603  (our own commands)
            child.command,
            env={**os.environ, **child.environment, **own},
            stdin=subprocess.DEVNULL,
            # A group of its own: it can be killed with all its processes, and no Ctrl-C of the terminal reaches it.
            start_new_session=True,
            pass_fds=[self._lock],
            preexec_fn=_end_with_supervisor,
        )
        child.started_at = time.monotonic()

    def _keep_running(self) -> None:
        self._replace_wedged()
        self._end_retired([each for each in self._retired if each.is_over])
        for child in self._children:
            if child.process is not None and not child.is_running:
                self._bury(child)
            if child.process is None and time.monotonic() >= child.start_again_at:
                self._start(child)

    def _replace_wedged(self) -> None:
        """Start new workers beside those that the watchdog has retired, which may still finish what they write."""
        for child in self._children:
            if child.process is not None and child.cluster and worker_registry.is_retired(child.cluster):
                until = time.monotonic() + settings.CHAPTERFLOW_TASK_SECONDS
                self._retired.append(Retired(child.process, child.cluster, until))
                self._report(f"The {child.name} took nothing any more; others are started in their place.")
                self._start(child)

    def _end_retired(self, over: Sequence[Retired]) -> None:
        """Kill the process groups: a wedged cluster does not end by request."""
        for each in over:
            _kill_group(each.process.pid)
            each.process.wait()
            worker_registry.disband(each.cluster)
            self._retired.remove(each)

    def _bury(self, child: Child) -> None:
        """Kill what the dead child left behind, and set when to start it again."""
        assert child.process is not None
        code = child.process.returncode
        _kill_group(child.process.pid)
        worker_registry.disband(child.cluster)
        lived = time.monotonic() - child.started_at
        child.quick_deaths = 0 if lived >= HEALTHY_SECONDS else child.quick_deaths + 1
        pause = min(SHORTEST_PAUSE * 2 ** max(0, child.quick_deaths - 1), LONGEST_PAUSE)
        if child.quick_deaths <= 1:
            # One death is an accident; only a child that keeps dying must not take the whole processor.
            pause = 0.0
        child.start_again_at = time.monotonic() + pause
        child.process = None
        self._report(_account_of(child, code, lived, pause))

    def _is_anybody_busy(self) -> bool:
        return any(child.is_running for child in self._children) or not all(
            each.is_over for each in self._retired
        )

    def _stop_all(self) -> None:
        # On a full disk the file cannot be made and workers are not told; they are killed, and lose their chapter.
        with suppress(OSError):
            stopping.request(self.run_id)
        running = [child for child in self._children if child.process is not None]
        for child in running:
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and self._is_anybody_busy():
            time.sleep(POLL_SECONDS)
        self._end_retired(list(self._retired))
        for child in running:
            assert child.process is not None
            _kill_group(child.process.pid)
            child.process.wait()
        stopping.stop_path(self.run_id).unlink(missing_ok=True)
        worker_registry.disband_run(self.run_id)
        lock_path(self.run_id).unlink(missing_ok=True)
        os.close(self._lock)


def _account_of(child: Child, code: int, lived: float, pause: float) -> str:
    again = f"in {pause:.0f} s" if pause else "at once"
    ended = f"The {child.name} ended (code {code}) after {lived:.1f} s"
    if child.quick_deaths >= OFTEN:
        return f"{ended}, for the {child.quick_deaths}th time in a row. What it said last tells why. Next try {again}."
    return f"{ended}; it is started again {again}."


def manage(*arguments: str) -> list[str]:
    """Return the command line of a management command of this installation."""
    return [sys.executable, os.path.abspath(sys.argv[0]), *arguments]  # noqa: PTH100  (argv is text)


def worker_children(workers: int | None) -> list[Child]:
    """Return the children that write: django-q2's cluster and the pacemaker."""
    environment = {"CHAPTERFLOW_PROCESS": "worker", **workers_setting(workers)}
    return [
        Child(WORKERS, manage("cluster"), environment),
        Child("pacemaker", manage("pacemaker"), environment),
    ]


def workers_setting(workers: int | None) -> dict[str, str]:
    """Return the variable that says how many workers there are; nothing where the installation's setting holds."""
    return {} if workers is None else {"CHAPTERFLOW_WORKERS": str(workers)}


def become_supervisor(children: Sequence[Child], *, serves: bool = False, greeting: str = "") -> NoReturn:
    """Turn this process, its id kept, into the supervisor of `children`, without what it has loaded until now."""
    told = [
        {"name": each.name, "command": each.command, "environment": each.environment} for each in children
    ]
    order = json.dumps({"children": told, "serves": serves, "greeting": greeting})
    paths = [str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", "workflow.workers", order], environment)  # noqa: S606


def _end_with_supervisor() -> None:
    stopping.end_with_parent(signal.SIGTERM)


def _signal(child: Child, number: int) -> None:
    if child.process is not None and child.is_running:
        child.process.send_signal(number)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        logger.debug("process group %s is gone", group)
