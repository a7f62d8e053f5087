"""The chains of ChapterFlow and of other systems, in one run, with the same model and prompts of the same size."""

import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers.chains import redis
from tests.benchmarks.peers.environments import python_with, versions
from tests.benchmarks.tables import table
from tests.benchmarks.texts import sentences
from tests.installation import wait_for

from .meter import Meter
from .model import ModelProcess, scripted_model
from .results import HEAD, Flight, asked_again
from .whole_books import flown
from .work import Plan, storyline

HERE = Path(__file__).parent / "peers"
READY_SECONDS = 60.0
RULES_CHARACTERS = 2_000


@dataclass(frozen=True)
class Peer:
    """A system to compare with. `starter` is the script that starts the work where the worker does not by itself."""

    name: str
    command: tuple[str, ...]
    packages: tuple[str, ...]
    starter: str = ""


def _celery(pool: str) -> Peer:
    options = ("--concurrency=32", "--loglevel=ERROR", "--without-gossip", "--without-mingle")
    return Peer(
        f"Celery on Redis, {pool} 32",
        ("-m", "celery", "-A", "celery_chains", "worker", f"--pool={pool}", *options),
        ("celery[redis]", "packaging", "gevent", "openai"),
        "celery_chains.py",
    )


PEERS = (
    Peer("asyncio and httpx alone", ("asyncio_chains.py",), ("httpx",)),
    Peer("DBOS on SQLite, async", ("dbos_chains.py",), ("dbos", "openai")),
    _celery("gevent"),
    _celery("threads"),
)


def peers(plan: Plan) -> Iterator[str]:
    """Write the chains on all systems, one after the other, ours first."""
    rows = []
    if plan.only in "ChapterFlow":
        rows.append(flown(plan, "sequential", plan.chapters * plan.seconds).row)
    for peer in PEERS:
        if plan.only in peer.name:
            rows.append(peer_flown(peer, plan).row)
    yield table(HEAD, rows)


def prompts_of(plan: Plan) -> list[list[list[dict[str, str]]]]:
    """Return the messages for each chapter of each book: rules, and the passages as ChapterFlow shows them."""
    told = sentences("rules")
    rules = ""
    while len(rules) < RULES_CHARACTERS:
        rules += f"{next(told)} "
    return [
        [
            [{"role": "system", "content": rules}, {"role": "user", "content": passages}]
            for passages in _passages(json.loads(storyline(f"b{number}", plan.chapters)))
        ]
        for number in range(plan.books)
    ]


def _passages(document: Mapping[str, list[dict[str, object]]]) -> list[str]:
    chunks = {each["id"]: each for each in document["chunks"]}
    return [
        "\n\n".join(f"[{key}] {chunks[key]['speaker']}\n{chunks[key]['text']}" for key in node["chunk_ids"])  # type: ignore[attr-defined]
        for node in document["nodes"]
    ]


def peer_flown(peer: Peer, plan: Plan) -> Flight:
    """Start the peer, wait until it is ready, let it write, measure."""
    python = python_with(peer.packages)
    with ExitStack() as stack:
        model = stack.enter_context(scripted_model(plan.seconds, plan.tokens))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chapterflow-peer-")))
        (folder / "prompts.json").write_text(json.dumps(prompts_of(plan)))
        environment = {**os.environ, "PEER_FOLDER": str(folder), "OPENAI_BASE_URL": model.url}
        if peer.starter:
            environment["PEER_REDIS_URL"] = stack.enter_context(redis(folder))
        worker = start(peer, python, environment, folder)
        stack.callback(stop, worker)
        wait_for(lambda: (folder / "ready").exists() or died(worker, folder), READY_SECONDS)
        return measured(peer, plan, model, worker, python, environment)


def measured(
    peer: Peer, plan: Plan, model: ModelProcess, worker: subprocess.Popen[bytes], python: Path,
    environment: Mapping[str, str],
) -> Flight:  # fmt: skip
    """Let the clock begin; return what it took until the last text was stored."""
    folder = Path(environment["PEER_FOLDER"])
    with Meter(worker.pid) as meter:
        if peer.starter:
            subprocess.run([python, peer.starter], cwd=HERE, env=environment, check=True, timeout=60)
        else:
            (folder / "go").touch()
        began = (folder / "go").stat().st_mtime
        until = time.monotonic() + plan.limit
        while (
            len(stored := ends_in(folder)) < plan.total and time.monotonic() < until and worker.poll() is None
        ):
            time.sleep(0.1)
        processor = meter.processor()
    stored = ends_in(folder)
    ended = max(stored) if len(stored) == plan.total else time.time()
    return Flight(
        f"{peer.name} ({versions(python, peer.packages[:1])})", ended - began, plan.chapters * plan.seconds,
        None, model.count("most"), meter.rest_mb, meter.peak_mb, processor, len(stored), plan.total, asked_again(model),
    )  # fmt: skip


def start(peer: Peer, python: Path, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start the peer's process."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [python, *peer.command], cwd=HERE, env=environment, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def died(worker: subprocess.Popen[bytes], folder: Path) -> bool:
    """Return False while the process lives. Raises AssertionError with its log where it does not."""
    assert worker.poll() is None, (folder / "log").read_text()
    return False


def stop(worker: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def ends_in(folder: Path) -> list[float]:
    """Return when each chapter was stored."""
    connection = sqlite3.connect(folder / "results.sqlite3", timeout=30)
    try:
        return [float(at) for (at,) in connection.execute("SELECT at FROM stored")]
    except sqlite3.OperationalError:
        return []  # no table before the first is stored
    finally:
        connection.close()
