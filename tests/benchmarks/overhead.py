"""What the engine adds to one dependent chapter, beside the bare commits of the same run.

    .venv/bin/python -m tests.benchmarks.overhead [--chapters 200] [--rounds 3]

Each round measures the bare commits and then the engine, on a new database on the same file system, with the same
settings. What a table shows is the middle of all rounds. Stops by itself.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.installation import ROOT

from .places import Place, environment_of, places
from .tables import end_in_order, machine, table

LONGEST_SECONDS = 300
HEAD = (
    "database", "two bare commits", "one", "engine", "engine ÷ two", "context", "writer", "checks", "whole chapter",
    "of it processor",
)  # fmt: skip


def run(module: str, count: int, environment: Mapping[str, str]) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    log = Path(environment["CHAPTERFLOW_DATA_DIR"]) / "log"
    with log.open("w") as errors:
        said = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{module}", str(count)],
            cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=errors, text=True,
            timeout=LONGEST_SECONDS, check=False,
        )  # fmt: skip
    if said.returncode:
        raise SystemExit(log.read_text()[-4000:])
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found


def measure(place: Place, chapters: int, rounds: int) -> dict[str, float]:
    """Return the middle of each figure over all rounds."""
    found = []
    for _ in range(rounds):
        with environment_of(place) as environment:
            found.append({**run("bare", chapters, environment), **run("engine", chapters, environment)})
    return {name: statistics.median(each[name] for each in found) for name in found[0]}


def row(place: Place, found: Mapping[str, float]) -> list[str]:
    """Return the table's row; all in milliseconds."""
    names = ["two", "one", "engine_ms", "context_ms", "writer_ms", "check_ms", "whole_ms", "cpu_ms"]
    cells = [f"{found[name]:.2f}" for name in names]
    cells.insert(3, f"{found['engine_ms'] / found['two']:.1f} ×")
    return [place.name, *cells]


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(
        f"{machine()}\n{options.chapters} dependent chapters, 20 kB each; milliseconds a chapter, medians\n"
    )
    print(table(HEAD, [row(each, measure(each, options.chapters, options.rounds)) for each in places()]))


if __name__ == "__main__":
    main()
