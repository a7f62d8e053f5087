"""What a step does, the same on every system, with nothing but Python: it stores 20 kB in a SQLite file and commits.

Run by the peers' own environments: imports nothing of the project. PEER_FOLDER is the folder to work in; with
PEER_SLOW_STEP that step takes three seconds, to be killed in.
"""

import os
import sqlite3
import time
from functools import cache
from pathlib import Path

FOLDER = Path(os.environ.get("PEER_FOLDER", "."))
STEPS = int(os.environ.get("PEER_STEPS", "200"))
SLOW_STEP = int(os.environ.get("PEER_SLOW_STEP", "0"))
REDIS_URL = os.environ.get("PEER_REDIS_URL", "")
SLOW_SECONDS = 3.0
BODY = "The ferry went over the river at four, and nobody had heard the bell before noon. " * 250


@cache
def _connection(process: int) -> sqlite3.Connection:
    return connect()


def connect() -> sqlite3.Connection:
    """Return a connection to the results, with the settings that ChapterFlow has."""
    found = sqlite3.connect(
        FOLDER / "results.sqlite3", timeout=60, isolation_level=None, check_same_thread=False
    )
    found.execute("PRAGMA journal_mode=WAL")
    found.execute("PRAGMA synchronous=FULL")
    return found


def prepare() -> None:
    """Make the tables."""
    connection = connect()
    connection.execute("CREATE TABLE begun (step INTEGER, at REAL, process INTEGER)")
    connection.execute("CREATE TABLE stored (step INTEGER, at REAL, body TEXT)")
    connection.close()


def begin(step: int) -> None:
    """Note that a step begins, where somebody waits for it. Step 0 is the start of the chain."""
    if step < 2 or SLOW_STEP:
        row = (step, time.time(), os.getpid())
        _connection(os.getpid()).execute("INSERT INTO begun VALUES (?, ?, ?)", row)
    if step and step == SLOW_STEP:
        time.sleep(SLOW_SECONDS)


def run_step(step: int) -> None:
    """Run a step and store its 20 kB."""
    begin(step)
    if step > 1:
        # It depends on the one before, as a chapter does.
        before = _connection(os.getpid()).execute("SELECT 1 FROM stored WHERE step = ?", (step - 1,))
        assert before.fetchone(), f"step {step - 1} is not stored"
    row = (step, time.time(), BODY[:20_000])
    _connection(os.getpid()).execute("INSERT INTO stored VALUES (?, ?, ?)", row)
