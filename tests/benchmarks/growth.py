"""What one chapter costs at chapter 10, 100, 1,000 and 10,000 of one book: stored and claimed, followed, shown.

    .venv/bin/python -m tests.benchmarks.growth [--chapters 10000]

Writes the whole book in this process, each chapter on the one before, on SQLite as it comes. Milliseconds are medians
of the nine chapters that end at that place, queries the most of them. Stops by itself at the last.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .engine import set_up
from .tables import end_in_order, machine, table

if TYPE_CHECKING:
    from workflow.models import ProcessingSession

WINDOW = 9
PLACES = (10, 100, 1_000, 10_000)
APART = ("context_ms", "writer_ms", "check_ms")
STORED, CONTEXT = "stored, next one claimed", "context read"
FOLLOWED, SHOWN = "followed: its card rendered", "shown: its page"


class Costs:
    """What was measured in one window: milliseconds and queries by name."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {}
        self.queries: dict[str, int] = {}

    def measure(self, name: str, work: Callable[[], object]) -> None:
        """Run `work`, and note what it took."""
        from django.db import connection

        count = 0

        def counting(execute: Callable[..., object], *arguments: object) -> object:
            nonlocal count
            count += 1
            return execute(*arguments)

        begin = time.perf_counter()
        with connection.execute_wrapper(counting):
            work()
        self.ms.setdefault(name, []).append((time.perf_counter() - begin) * 1000)
        self.queries[name] = max(self.queries.get(name, 0), count)

    def split(self, session: "ProcessingSession") -> None:
        """Take what is not the engine's out of the newest chapter's milliseconds."""
        detail = session.events.filter(kind="chapter_generated").latest("seq").detail
        self.ms[STORED][-1] -= sum(detail[name] for name in APART)
        self.ms.setdefault(CONTEXT, []).append(detail["context_ms"])

    def cell(self, name: str) -> str:
        """Return the table's cell."""
        queries = f", {self.queries[name]} queries" if name in self.queries else ""
        return f"{statistics.median(self.ms[name]):.1f} ms{queries}"


def grow(chapters: int) -> dict[int, Costs]:
    """Write a book of that many chapters and a few more; return the costs at each place."""
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.workflow.engine.test_leases import claim
    from tests.workflow.sessions import new_session
    from workflow.engine.writing import write_chapter
    from workflow.live.board_state import BoardState
    from workflow.pages.board.markup import COMPACT, BoardView

    person = User.objects.create_user("benchmark")
    session = new_session(person, chapters + 2, writer="python:tests.writers:plain")
    client, board_view = Client(), BoardView(COMPACT)
    client.force_login(person)
    address = f"/books/{session.version.book.book_id}/v{session.version.number}/chapters"
    held, found = claim(session), {}
    for place in [place for place in PLACES if place <= chapters]:
        while held.item is not None and held.item.number <= place - WINDOW:
            held = write_chapter(held, lambda: True)
        costs = found[place] = Costs()
        board_state = BoardState(session.pk)
        board_state.advance([board_view])
        for number in range(place - WINDOW + 1, place + 1):
            following = []
            costs.measure(STORED, lambda: following.append(write_chapter(held, lambda: True)))  # noqa: B023
            [held] = following
            costs.split(session)
            costs.measure(FOLLOWED, lambda: board_state.advance([board_view]))  # noqa: B023
            costs.measure(SHOWN, lambda: client.get(f"{address}/{number}/"))  # noqa: B023
        print(f"at chapter {place:,}", flush=True)
    return found


def main() -> None:
    """Run and print."""
    end_in_order()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapters", type=int, default=PLACES[-1])
    options = parser.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="chapterflow-benchmark-") as folder:
        os.environ["CHAPTERFLOW_DATA_DIR"] = folder
        os.environ["CHAPTERFLOW_UPLOAD_NODES"] = str(2 * options.chapters)
        os.environ["ALLOWED_HOSTS"] = "testserver"
        set_up()
        found = grow(options.chapters)
    names = [STORED, CONTEXT, FOLLOWED, SHOWN]
    rows = [[name, *(costs.cell(name) for costs in found.values())] for name in names]
    print("\n" + table(("one chapter", *(f"at chapter {place:,}" for place in found)), rows))


if __name__ == "__main__":
    main()
