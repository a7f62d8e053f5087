"""The limit: what a step costs that only commits its claim and its 20 kB, without any framework.

    .venv/bin/python -m tests.benchmarks.bare STEPS

Run by the other benchmarks in an environment of `places`; prints one JSON object.
"""

import json
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psycopg

from .texts import chapter_text

TABLES = """
CREATE TABLE step (id INTEGER PRIMARY KEY, status TEXT NOT NULL, token TEXT);
CREATE TABLE result (step INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE event (id INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL)
"""
CHARACTERS = 20_000
PRAGMAS = ("temp_store=MEMORY", "cache_size=-16000", "mmap_size=134217728")


class Connection(Protocol):
    """What both drivers' connections do alike."""

    def execute(self, query: str, parameters: tuple[object, ...] = ...) -> object:
        """Run one statement."""


def claim(run: Connection, mark: str, step: int) -> None:
    """Claim a step, with its event."""
    run.execute(f"UPDATE step SET status = 'claimed', token = {mark} WHERE id = {mark}", (f"t{step}", step))
    run.execute(f"INSERT INTO event VALUES ({mark}, {mark}, 'claimed')", (2 * step, step))


def store(run: Connection, mark: str, step: int, body: str) -> None:
    """Store a step's result, with its event."""
    run.execute(f"INSERT INTO result VALUES ({mark}, {mark})", (step, body))
    run.execute(f"UPDATE step SET status = 'done', token = NULL WHERE id = {mark}", (step,))
    run.execute(f"INSERT INTO event VALUES ({mark}, {mark}, 'done')", (2 * step + 1, step))


def median_ms(work: Callable[[int], None], steps: range) -> float:
    """Return what one step takes, in the middle of all."""
    took = []
    for step in steps:
        begin = time.perf_counter()
        work(step)
        took.append(time.perf_counter() - begin)
    return statistics.median(took) * 1000


def connect() -> tuple[Connection, str, str]:
    """Return a connection, its placeholder, and how its transactions begin."""
    url = os.environ.get("DATABASE_URL", "")
    if url:
        return psycopg.connect(url, autocommit=True), "%s", "BEGIN"
    file = Path(os.environ["CHAPTERFLOW_DATA_DIR"]) / "bare.sqlite3"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={os.environ['BENCHMARK_SYNCHRONOUS']}")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection, "?", "BEGIN IMMEDIATE"


def measure(steps: int) -> dict[str, float]:
    """Return the milliseconds of a step with one and with two commits."""
    run, mark, begin = connect()
    for statement in TABLES.split(";"):
        run.execute(statement)
    for step in range(1, 2 * steps + 1):
        run.execute(f"INSERT INTO step VALUES ({mark}, 'pending', NULL)", (step,))
    body = chapter_text(1, {"c-1": ""}, CHARACTERS)

    def two(step: int) -> None:
        run.execute(begin)
        claim(run, mark, step)
        run.execute("COMMIT")
        run.execute(begin)
        store(run, mark, step, body)
        run.execute("COMMIT")

    def one(step: int) -> None:
        run.execute(begin)
        claim(run, mark, step)
        store(run, mark, step, body)
        run.execute("COMMIT")

    return {
        "two": median_ms(two, range(1, steps + 1)),
        "one": median_ms(one, range(steps + 1, 2 * steps + 1)),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
