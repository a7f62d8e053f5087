"""The same 200 dependent steps of 20 kB on ChapterFlow and on its peers, in one run; then each is killed in a step.

    .venv/bin/python -m tests.benchmarks.peers [--steps 200] [--rounds 3] [--only huey]

Each peer gets an environment of its own from PyPI (kept in the user's cache), a folder and, where it needs one, a
Redis of its own. ChapterFlow is measured as it comes, context and checks included. Stops by itself.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence

from tests.benchmarks.overhead import run
from tests.benchmarks.places import FULL, environment_of
from tests.benchmarks.tables import end_in_order, machine, table

from .chains import PEERS, Peer, killed, timed
from .environments import python_with, versions

OWN = "ChapterFlow, SQLite"
OWN_PROMISE = "at least once; a stored chapter is never written again; nothing lost"


def own(steps: int) -> dict[str, float]:
    """Measure the bare commits and ChapterFlow on the same settings."""
    with environment_of(FULL) as environment:
        return {**run("bare", steps, environment), **run("engine", steps, environment)}


def rounds_of(peers: Sequence[Peer], steps: int, rounds: int) -> dict[str, dict[str, float]]:
    """Measure all in turns, so that a busy minute is everybody's; return the middle of each figure."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        found.setdefault(OWN, []).append(own(steps))
        for peer in peers:
            found.setdefault(peer.name, []).append(timed(peer, python_with(peer.packages), steps))
    return {
        name: {figure: statistics.median(each[figure] for each in every) for figure in every[0]}
        for name, every in found.items()
    }


def rows_of(peers: Sequence[Peer], found: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """Return the rows of the first table."""
    mine = found[OWN]
    rows = [
        ["two bare commits, SQLite", f"{mine['two']:.1f}", "", ""],
        [OWN, f"{mine['engine_ms']:.1f} ({mine['whole_ms']:.1f} with context and checks)", "", OWN_PROMISE],
    ]
    for peer in peers:
        named = f"{peer.name} ({versions(python_with(peer.packages), peer.packages[:1])})"
        its = found[peer.name]
        rows.append([named, f"{its['step_ms']:.1f}", f"{its['first_ms']:.0f}", peer.promise])
    return rows


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
    rows = rows_of(chosen, rounds_of(chosen, options.steps, options.rounds))
    print(table(("system", "ms a step", "first step, ms", "what it promises"), rows), flush=True)
    kills = [kill_row(peer) for peer in chosen]
    print("\n" + table(("system", "kill -9 of", "the step runs again after"), kills))


if __name__ == "__main__":
    main()
