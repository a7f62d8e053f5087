"""The same 200 dependent steps of 20 kB on ChapterFlow and on its peers, in one run; then each is killed in a step.

    .venv/bin/python -m tests.benchmarks.peers [--steps 200] [--rounds 3] [--only huey]

Each peer gets an environment of its own from PyPI (kept in the user's cache), a folder and, where it needs one, a
Redis of its own. ChapterFlow is measured as it comes, context and checks included. Stops by itself.
"""

import argparse
import statistics

from tests.benchmarks.overhead import run
from tests.benchmarks.places import FULL, environment_of
from tests.benchmarks.tables import end_in_order, machine, table

from .chains import PEERS, Peer, killed, timed
from .environments import python_with, versions

OWN_PROMISE = "at least once; a stored chapter is never written again; nothing lost"


def own_row(steps: int, rounds: int) -> list[str]:
    """Return ChapterFlow's row, and the bare commits' of the same run."""
    found = []
    for _ in range(rounds):
        with environment_of(FULL) as environment:
            found.append(run("engine", steps, environment))
    engine, whole = (statistics.median(each[name] for each in found) for name in ("engine_ms", "whole_ms"))
    return ["ChapterFlow, SQLite", f"{engine:.1f} ({whole:.1f} with context and checks)", "", OWN_PROMISE]


def bare_row(steps: int) -> list[str]:
    """Return the limit's row."""
    with environment_of(FULL) as environment:
        found = run("bare", steps, environment)
    return ["two bare commits, SQLite", f"{found['two']:.1f}", "", ""]


def peer_row(peer: Peer, steps: int, rounds: int) -> list[str]:
    """Return the peer's row."""
    python = python_with(peer.packages)
    found = [timed(peer, python, steps) for _ in range(rounds)]
    step = statistics.median(each["step_ms"] for each in found)
    first = statistics.median(each["first_ms"] for each in found)
    return [
        f"{peer.name} ({versions(python, peer.packages[:1])})",
        f"{step:.1f}",
        f"{first:.0f}",
        peer.promise,
    ]


def kill_row(peer: Peer) -> list[str]:
    """Return what happened after the process that ran a step was killed."""
    outcome = killed(peer, python_with(peer.packages))
    if outcome is None:
        return [peer.name, peer.killed, f"not within {peer.patience:.0f} s: lost"]
    return [peer.name, peer.killed, f"{outcome:.2f} s"]


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    chosen = [peer for peer in PEERS if options.only in peer.name]
    print(f"{machine()}\n{options.steps} dependent steps, 20 kB stored each; medians\n", flush=True)
    rows = [bare_row(options.steps), own_row(options.steps, options.rounds)]
    rows += [peer_row(peer, options.steps, options.rounds) for peer in chosen]
    print(table(("system", "ms a step", "first step, ms", "what it promises"), rows), flush=True)
    kills = [kill_row(peer) for peer in chosen]
    print("\n" + table(("system", "kill -9 of", "the step runs again after"), kills))


if __name__ == "__main__":
    main()
