"""What one chapter costs the database: the same at every place in the book."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.workflow.context.test_continuity import river, river_session
from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import statuses
from workflow.engine.claims import Claim
from workflow.engine.writing import write_chapter
from workflow.models import ProcessingSession

# A transaction that stores a chapter and claims the next, and the reading of its sources and of what came before: six
# for passages, book, story, previous chapter, facts, related nodes. On PostgreSQL one more, for the clock. Under skip
# one more: what came meanwhile; and in a sequence those of a graph that look for a second chapter to write.
MOST_QUERIES = {"sequential": 21, "graph": 24, "sequential, skip": 25, "graph, skip": 25}

Count = Callable[[str, int], list[int]]


@pytest.fixture
def queries_per_chapter(person: User) -> Count:
    """Write a book chapter by chapter and return how many queries each of them took."""

    def count(mode: str, chapters: int) -> list[int]:
        dependencies, _, on_failure = mode.partition(", ")
        after = {n: [n - 1] for n in range(2, chapters + 1)} if dependencies == "graph" else None
        book = river_session(person, river(chapters, after), dependencies)
        ProcessingSession.objects.filter(pk=book.pk).update(on_failure=on_failure or "hold")
        held: Claim | None = claim(book)
        counts = []
        while held is not None:
            session = held.session
            with CaptureQueriesContext(connection) as captured:
                held = write_chapter(held, lambda: True)
            counts.append(len(captured))
        assert statuses(session) == ["generated"] * chapters
        return counts

    return count


@pytest.mark.parametrize("mode", MOST_QUERIES)
def test_chapter_costs_few_queries_and_the_same_at_every_place(queries_per_chapter: Count, mode: str) -> None:
    counts = queries_per_chapter(mode, 45)

    assert counts[40] == counts[10]
    assert counts[40] <= MOST_QUERIES[mode] + (connection.vendor == "postgresql")
    assert max(counts[1:-1]) <= MOST_QUERIES[mode] + 3


def test_reading_what_came_before_does_not_grow_with_the_book(queries_per_chapter: Count) -> None:
    short, long = queries_per_chapter("sequential", 12), queries_per_chapter("sequential", 60)

    assert short[8] == long[50]
