"""Hundreds of chapters in flight at once, while somebody looks at pages."""

import time
from collections.abc import Iterator

from tests.benchmarks.tables import table

from .meter import Meter
from .pages import PageViews
from .results import HEAD, flight_of
from .work import Plan, flying, start_all, upload, wait_for_end

READ_CHAPTERS = 3


def crowd(plan: Plan) -> Iterator[str]:
    """Write all chapters of all books at once; one more book is there already, to be read meanwhile."""
    with flying(plan) as (site, model):
        read = upload(site, "read", READ_CHAPTERS)
        start_all(site, [read], "graph", "quotations")
        assert wait_for_end(site, plan.limit), "the book to read was not written"
        books = [upload(site, f"b{number}", plan.chapters) for number in range(plan.books)]
        paths = {
            "home": "/",
            "board": f"/books/{books[0].book_id}/{books[0].version}/board/",
            "reading": f"/books/{read.book_id}/{read.version}/read/1/",
        }
        assert site.process is not None
        with Meter(site.process.pid) as meter:
            began = time.time()
            start_all(site, books, "graph")
            with PageViews(site, paths) as views:
                is_over = wait_for_end(site, plan.limit)
            flight = flight_of(
                f"ChapterFlow, {plan.database}, {plan.workers} workers", site, model, meter,
                began=began, ideal=plan.seconds, total=plan.total, is_over=is_over,
            )  # fmt: skip
    yield table(HEAD, [flight.row])
    yield "\n" + table(("page, each second", "asked", "median", "longest"), views.rows())
    yield f"\n{views.failed} pages did not come"
