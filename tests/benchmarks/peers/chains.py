"""Starts a peer's worker and its chain, waits for the end, and reads from the results what it took."""

import os
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.installation import free_port, wait_for

HERE = Path(__file__).parent
LONGEST_SECONDS = 180.0
KILL_STEPS, SLOW_STEP = 5, 3


@dataclass(frozen=True)
class Peer:
    """A system to compare with. `restarts`: its worker is started again after the kill, as a supervisor would."""

    name: str
    script: str
    packages: tuple[str, ...]
    promise: str
    killed: str
    needs_redis: bool = False
    starts_itself: bool = False
    restarts: bool = False
    patience: float = 15.0


PEERS = (
    Peer(
        "Celery on Redis", "celery_chain.py", ("celery[redis]", "packaging"), needs_redis=True,
        promise="acks_late: at least once; a killed pool process at once, a whole worker after an hour; "
        "what Redis had not saved is lost with it",
        killed="the pool process that runs the step",
    ),
    Peer(
        "DBOS on SQLite", "dbos_chain.py", ("dbos",), starts_itself=True, restarts=True,
        promise="at least once, finished steps are not repeated; goes on when its process is started again",
        killed="its process, started again at once",
    ),
    Peer(
        "django-q2 chain on Redis", "q2_chain.py", ("django-q2", "redis"), needs_redis=True,
        promise="at most once: what a killed process held is lost, with the rest of its chain",
        killed="the worker that runs the step",
    ),
    Peer(
        "huey on SQLite", "huey_chain.py", ("huey",),
        promise="at most once: what a killed process held is lost, with the rest of its pipeline",
        killed="the worker that runs the step",
    ),
)  # fmt: skip


class Chain:
    """One chain of a peer in a folder of its own."""

    def __init__(self, peer: Peer, python: Path, folder: Path, environment: dict[str, str]) -> None:
        self._peer = peer
        self._python = python
        self._folder = folder
        self._environment = {**os.environ, **environment, "PEER_FOLDER": str(folder)}
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        """Start the worker."""
        with (self._folder / "log").open("ab") as log:
            self.worker = subprocess.Popen(
                [self._python, HERE / self._peer.script, "work"], cwd=HERE, env=self._environment,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def start(self) -> None:
        """Start the chain, once the worker has had time to be ready."""
        if not self._peer.starts_itself:
            time.sleep(3)
            self.run("start")

    def run(self, what: str) -> None:
        """Run the peer's script to its end."""
        command = [self._python, HERE / self._peer.script, what]
        subprocess.run(command, cwd=HERE, env=self._environment, check=True, timeout=60)

    def stop(self) -> None:
        """End the worker and all that it started."""
        if self.worker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()

    def rows(self, query: str) -> list[tuple[float, ...]]:
        """Ask the results."""
        connection = sqlite3.connect(self._folder / "results.sqlite3", timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def count(self) -> int:
        """Return how many steps have stored their result."""
        return int(self.rows("SELECT COUNT(DISTINCT step) FROM stored")[0][0])

    def begun(self, step: int) -> list[tuple[float, ...]]:
        """Return when, and in which process, the step began, for each time that it did."""
        return self.rows(f"SELECT at, process FROM begun WHERE step = {step} ORDER BY at")


@contextmanager
def chain_of(peer: Peer, python: Path, **environment: str) -> Iterator[Chain]:
    """Yield a chain whose worker runs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chapterflow-peer-")))
        if peer.needs_redis:
            environment["PEER_REDIS_URL"] = stack.enter_context(redis(folder))
        chain = Chain(peer, python, folder, environment)
        prepare(folder, python)
        stack.callback(chain.stop)
        chain.start_worker()
        yield chain


def prepare(folder: Path, python: Path) -> None:
    """Make the tables of the results."""
    environment = {**os.environ, "PEER_FOLDER": str(folder)}
    subprocess.run([python, "-c", "import work; work.prepare()"], cwd=HERE, env=environment, check=True)


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis of our own, as it comes, and yield its URL."""
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            time.sleep(0.5)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.kill()


def timed(peer: Peer, python: Path, steps: int) -> dict[str, float]:
    """Run one chain; return the milliseconds from step to step (the middle of all) and to the first."""
    with chain_of(peer, python, PEER_STEPS=str(steps)) as chain:
        chain.start()
        wait_for(lambda: chain.count() == steps, LONGEST_SECONDS, 0.2)
        ends = [at for (at,) in chain.rows("SELECT at FROM stored ORDER BY step")]
        gaps = [after - before for before, after in pairwise(ends)]
        first = chain.begun(1)[0][0] - chain.begun(0)[0][0]
    return {"step_ms": statistics.median(gaps) * 1000, "first_ms": first * 1000}


def killed(peer: Peer, python: Path) -> float | None:
    """Kill the process that runs the third step; return the seconds until the step runs again, None for never."""
    slow = {"PEER_STEPS": str(KILL_STEPS), "PEER_SLOW_STEP": str(SLOW_STEP)}
    with chain_of(peer, python, **slow) as chain:
        chain.start()
        wait_for(lambda: chain.begun(SLOW_STEP), 60, 0.02)
        os.kill(int(chain.begun(SLOW_STEP)[0][1]), signal.SIGKILL)
        began = time.time()
        if peer.restarts:
            chain.start_worker()
        if not happens(lambda: len(chain.begun(SLOW_STEP)) > 1, peer.patience):
            return None
        return chain.begun(SLOW_STEP)[1][0] - began


def happens(what: Callable[[], bool], seconds: float) -> bool:
    """Return whether it comes true in that time."""
    try:
        wait_for(what, seconds, 0.02)
    except AssertionError:
        return False
    return True
