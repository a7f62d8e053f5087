"""Measures how long writers wait for SQLite's lock while books are written, and whether one of them starves.

    .venv/bin/python -m tests.benchmarks.lock_waits [--workers 8] [--sessions 8] [--chapters 40] [--milliseconds 0 50]

Each worker is a process that drives its sessions on, as a django-q2 worker does. One row for each way of beginning a
transaction: SQLite's own waiting, as the product has it, and the prototype of a gate in sqlite_gate.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.first_step import quantile
from tests.installation import ROOT
from workflow.contract.agent_types import ChapterTask

LONGEST_SECONDS = 180.0
WRITER = "python:tests.benchmarks.lock_waits:writer"
WAYS = {"none": "chapterflow_site.settings", "flock": "tests.benchmarks.gated"}
MILLISECONDS = "CHAPTERFLOW_TEST_MILLISECONDS"


class Writer:
    """Takes a few milliseconds for a chapter of 20 kB."""

    def write(self, task: ChapterTask, on_text: object) -> dict[str, object]:
        """Write it: different in each chapter, or the harmonizer would find much to change."""
        time.sleep(float(os.environ[MILLISECONDS]) / 1000)
        lines = (
            f"On trip {task.chapter_number * 1000 + line} it carried {line + 7} over the river."
            for line in range(400)
        )
        return {"markdown": "\n\n".join(lines)}


def writer() -> Writer:
    """Make one."""
    return Writer()


def watch_waits() -> list[float]:
    """Return the list that every wait for a transaction's begin goes to, in seconds."""
    from django.db import connections

    backend = type(connections["default"])
    waits: list[float] = []
    begin = backend._start_transaction_under_autocommit

    def timed(self: object) -> None:
        began = time.perf_counter()
        begin(self)
        waits.append(time.perf_counter() - began)

    backend._start_transaction_under_autocommit = timed
    return waits


def prepare(sessions: int, chapters: int) -> None:
    """Make the database and the sessions."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from books.actions import upload_storyline
    from tests.storylines import storyline
    from workflow.actions import start_session

    call_command("migrate", interactive=False, verbosity=0)
    owner = User.objects.create_user("emm")
    for _ in range(sessions):
        version = upload_storyline(storyline(chapters), actor=owner, source_name="river.json")
        start_session(version, actor=owner, writer=WRITER)


def work(number: int, workers: int) -> None:
    """Drive every n-th session on until it is completed; print the waits."""
    from workflow.contract.states import UNFINISHED
    from workflow.engine import advance
    from workflow.models import ProcessingSession

    waits, end = watch_waits(), time.monotonic() + LONGEST_SECONDS
    for session_id in list(ProcessingSession.objects.order_by("pk").values_list("pk", flat=True))[
        number::workers
    ]:
        session = ProcessingSession.objects.get(pk=session_id)
        while session.status in UNFINISHED and time.monotonic() < end:
            advance(session_id)
            session.refresh_from_db()
    print(json.dumps(waits))


def measure(environment: Mapping[str, str], options: argparse.Namespace) -> tuple[float, list[float]]:
    """Return the seconds that the books took, and all waits."""

    def call(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.lock_waits", *arguments],
            cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    size = ["--sessions", str(options.sessions), "--chapters", str(options.chapters)]
    assert call("--prepare", *size).wait(timeout=LONGEST_SECONDS) == 0
    began = time.monotonic()
    workers = [
        call("--work", str(number), "--workers", str(options.workers)) for number in range(options.workers)
    ]
    waits = [
        wait for worker in workers for wait in json.loads(worker.communicate(timeout=LONGEST_SECONDS)[0])
    ]
    return time.monotonic() - began, waits


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--chapters", type=int, default=40)
    parser.add_argument("--milliseconds", type=int, nargs="*", default=[0, 50])
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare or options.work is not None:
        import django

        django.setup()
        prepare(options.sessions, options.chapters) if options.prepare else work(
            options.work, options.workers
        )
        return
    print(
        f"{options.workers} workers, {options.sessions} sessions of {options.chapters} chapters; waits to begin"
    )
    print(f"{'gate':8} {'chapter':>9} {'books':>8} {'transactions':>13} {'p50':>9} {'p99':>9} {'longest':>9}")
    for milliseconds in options.milliseconds:
        for gate, settings in WAYS.items():
            with tempfile.TemporaryDirectory() as folder:
                environment = {
                    **{k: v for k, v in os.environ.items() if not k.startswith("CHAPTERFLOW_")},
                    "CHAPTERFLOW_DATA_DIR": str(Path(folder) / "data"),
                    "CHAPTERFLOW_WRITERS": f"quotations,{WRITER}",
                    "CHAPTERFLOW_PROCESS": "worker",
                    "DJANGO_SETTINGS_MODULE": settings,
                    MILLISECONDS: str(milliseconds),
                }
                seconds, waits = measure(environment, options)
            print(
                f"{gate:8} {milliseconds:6} ms {seconds:6.1f} s {len(waits):13,} "
                f"{1000 * quantile(waits, 0.5):6.1f} ms {1000 * quantile(waits, 0.99):6.0f} ms "
                f"{1000 * max(waits):6.0f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main()
