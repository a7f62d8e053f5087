"""Writes with a scripted model on a running installation, many chapters at once, and prints what it took.

    .venv/bin/python -m tests.benchmarks.flight chains|graph|crowd|kill|rest|soak|peers [--database postgres]
        [--workers 2] [--books 32 --chapters 3 --seconds 10] [--tokens 1094 | --rate 25] [--setting NAME=VALUE …]

A chapter takes `--seconds` and comes in `--tokens` events, or in `--rate` a second. `--setting` sets what the
installation shall have besides, as often as wanted. PostgreSQL is that of CHAPTERFLOW_TEST_POSTGRES. Stops by itself.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping

from tests.benchmarks.tables import end_in_order, machine

from .crowd import crowd
from .kill import kill
from .peer_flights import peers
from .rest import rest
from .soak import soak
from .whole_books import chains, graph
from .work import Plan

# Each with its defaults, which are the work that goals are set for.
SCENARIOS: Mapping[str, tuple[Callable[[Plan], Iterator[str]], Mapping[str, float]]] = {
    "chains": (chains, {"books": 32, "chapters": 3}),
    "graph": (graph, {"books": 1, "chapters": 64}),
    "crowd": (crowd, {"books": 10, "chapters": 20, "seconds": 40, "rate": 25}),
    "kill": (kill, {"books": 4, "chapters": 25}),
    "rest": (rest, {"books": 1, "chapters": 0}),
    "soak": (soak, {"books": 0, "chapters": 50, "seconds": 40, "rate": 25, "in_flight": 100}),
    "peers": (peers, {"books": 32, "chapters": 3}),
}


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options; what is not given is as the scenario has it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--books", type=int, default=32)
    parser.add_argument("--chapters", type=int, default=3, help="of each book")
    parser.add_argument("--seconds", type=float, default=10.0, help="that a chapter takes")
    parser.add_argument("--tokens", type=int, default=1_094, help="events of a chapter")
    parser.add_argument("--rate", type=float, default=0.0, help="events a second, instead of --tokens")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which it is broken off")
    parser.add_argument("--minutes", type=float, default=5.0, help="of soak")
    parser.add_argument(
        "--in-flight", type=int, default=50, help="chapters of the process killed; of soak, in all"
    )
    parser.add_argument("--only", default="", help="peers with this in their name")
    scenario = parser.parse_known_args(arguments)[0].scenario
    parser.set_defaults(**SCENARIOS[scenario][1])
    options = parser.parse_args(arguments)
    return without_rate(options, parser) if options.rate else options


def without_rate(options: argparse.Namespace, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Let tokens that were asked for go before the scenario's rate."""
    if options.tokens != parser.get_default("tokens") and options.rate == parser.get_default("rate"):
        options.rate = 0.0
    return options


def main() -> None:
    """Fly and print."""
    end_in_order()
    options = parsed()
    plan = Plan.of(options)
    print(f"{machine()}\n{options.scenario}{f': {plan.about}' if plan.chapters else ''}\n", flush=True)
    for part in SCENARIOS[options.scenario][0](plan):
        print(part, flush=True)


if __name__ == "__main__":
    main()
