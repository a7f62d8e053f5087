"""Prints tables as docs/benchmarks.md shows them, and says in general words what they were measured on."""

import os
import platform
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def end_in_order() -> None:
    """Let SIGTERM end a benchmark as Ctrl-C does: with everything stopped and removed that it made."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("stopped"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns also line up where it is read as text."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [head, rule, *rows]
    )


def machine() -> str:
    """Return cores, memory, versions and how busy the machine was; no names and no paths."""
    names = ["django", "django-q2", "psycopg"]
    return ", ".join(
        [
            f"{os.cpu_count()} cores",
            memory(),
            f"{platform.system()} {platform.machine()}",
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            *(f"{name} {_version(name)}" for name in names),
            f"Redis {_redis_version()}",
            f"load {os.getloadavg()[0]:.1f} at the start",
        ]
    )


def memory() -> str:
    """Return the machine's memory."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / 1024**2:.0f} GB memory"
    return "memory unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _redis_version() -> str:
    try:
        said = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not installed"
    return said.stdout.partition("v=")[2].partition(" ")[0]
