"""How soon idle workers claim a new book's first chapter, and how well eight books share eight workers.

    .venv/bin/python -m tests.benchmarks.running [--starts 20] [--with 'PostgreSQL, Redis:REDIS_URL=redis://…']

Both on running installations (`manage.py up`), from the times of their events. Stops by itself.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

from tests.installation import Installation, wait_for

from .sites import add_options, kinds, quantiles, running, upload
from .tables import end_in_order, machine, table

BOOKS = 8
CHAPTERS = 40
CHAPTER_SECONDS = 0.05
LONGEST_SECONDS = 240


def start(site: Installation, address: str, writer: str) -> str:
    """Start a book. Returns its session."""
    return str(site.call("POST", address, {"writer": writer})["session_id"])


def first_claims(site: Installation, times: int) -> list[float]:
    """Return the milliseconds from each start to the claim of its first chapter."""
    found = []
    for _ in range(times):
        session = start(site, upload(site, 1), "python:tests.writers:plain")
        wait_for(lambda: site.status(session) == "completed", 30, 0.05)  # noqa: B023  (called at once)
        [started], [claimed] = site.times(session, "session_started"), site.times(session, "chapter_claimed")
        found.append((claimed - started).total_seconds() * 1000)
    return found


def crowd(site: Installation) -> float:
    """Return the seconds from the first start until the last of all chapters is written."""
    addresses = [upload(site, CHAPTERS) for _ in range(BOOKS)]
    with ThreadPoolExecutor(BOOKS) as pool:
        writer = "python:tests.benchmarks.writers:pausing"
        sessions = list(pool.map(lambda address: start(site, address, writer), addresses))
    wait_for(lambda: all(site.status(session) == "completed" for session in sessions), LONGEST_SECONDS, 0.5)
    begun = min(site.times(session, "session_started")[0] for session in sessions)
    written = [site.times(session, "chapter_generated") for session in sessions]
    assert [len(times) for times in written] == [CHAPTERS] * BOOKS
    return (max(times[-1] for times in written) - begun).total_seconds()


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=20)
    add_options(parser)
    options = parser.parse_args()
    print(f"{machine()}\n")
    claims, crowds = [], []
    ideal = CHAPTERS * CHAPTER_SECONDS
    for kind in kinds(options):
        with running(kind, workers=2) as site:
            found = quantiles(first_claims(site, options.starts))
            claims.append([kind.name, *(f"{found[name]:.0f} ms" for name in ("median", "p90", "max"))])
        with running(kind, workers=BOOKS) as site:
            took = crowd(site)
            crowds.append([kind.name, f"{took:.2f} s", f"{took / ideal:.2f} ×"])
    print(table(("start → first chapter claimed", "median", "p90", "largest"), claims))
    head = f"{BOOKS} books × {CHAPTERS} chapters × 50 ms, {BOOKS} workers (ideal {ideal:.2f} s)"
    print("\n" + table((head, "took", "÷ ideal"), crowds))


if __name__ == "__main__":
    main()
