"""A book of a thousand chapters beside ten of ten: when do the small ones end, with two workers?

    .venv/bin/python -m tests.benchmarks.fairness [--chapters 1000] [--only SQLite]

No chapter waits for another, so that the large book could keep both workers busy from its start to its end. Measured
as it comes, and where one chapter at once may be written with the provider, from the times of the events. Stops by
itself.
"""

import argparse
from collections.abc import Sequence
from datetime import datetime

from tests.installation import Installation, wait_for

from .sites import Kind, add_options, kinds, running, upload
from .tables import end_in_order, machine, table

WRITER = "python:tests.benchmarks.writers:pausing"
SMALL_BOOKS = 10
SMALL_CHAPTERS = 10
HEAD_START_CHAPTERS = 20
LONGEST_SECONDS = 500


def start(site: Installation, address: str) -> str:
    """Start a book whose chapters need not wait for each other. Returns its session."""
    return str(site.call("POST", address, {"writer": WRITER, "dependencies": "graph"})["session_id"])


def written(site: Installation, session: str) -> list[datetime]:
    """Return when each chapter was written, in order."""
    return site.times(session, "chapter_generated")


def measure(site: Installation, chapters: int) -> Sequence[str]:
    """Start the large book, then the small ones; return when all were written, and how far the large one was then."""
    large_address, addresses = (
        upload(site, chapters),
        [upload(site, SMALL_CHAPTERS) for _ in range(SMALL_BOOKS)],
    )
    large = start(site, large_address)
    wait_for(lambda: len(written(site, large)) >= HEAD_START_CHAPTERS, 60, 0.05)
    small = [start(site, address) for address in addresses]
    wait_for(lambda: all(site.status(each) == "completed" for each in [*small, large]), LONGEST_SECONDS, 1)
    begun = site.times(small[0], "session_started")[0]
    ends = sorted((written(site, each)[-1] - begun).total_seconds() for each in small)
    of_large = [(at - begun).total_seconds() for at in written(site, large)]
    meanwhile = sum(0 < at <= ends[-1] for at in of_large)
    return [f"{ends[0]:.1f} s", f"{ends[-1]:.1f} s", f"{of_large[-1]:.1f} s", f"{meanwhile:,}"]


def with_one_place(kind: Kind) -> Kind:
    """Return the same installation, where one chapter at once may be written."""
    limit = ("CHAPTERFLOW_CHAPTERS_AT_ONCE", f"{WRITER}=1")
    return Kind(f"{kind.name}; one place", kind.is_postgres, (*kind.environment, limit))


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapters", type=int, default=1_000, help="of the large book")
    add_options(parser)
    options = parser.parse_args()
    print(
        f"{machine()}\n{options.chapters:,} chapters beside {SMALL_BOOKS} × {SMALL_CHAPTERS}, 50 ms each, 2 workers\n"
    )
    rows = []
    for kind in [each for one in kinds(options) for each in (one, with_one_place(one))]:
        with running(kind, workers=2) as site:
            rows.append([kind.name, *measure(site, options.chapters)])
            print(*rows[-1], sep=" | ", flush=True)
    head = (
        "installation",
        "first small one",
        "last small one",
        "large one",
        "its chapters before the last small one",
    )
    print("\n" + table(head, rows))


if __name__ == "__main__":
    main()
