"""The books of a flight: made, started and followed to their end through a running installation."""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from tests.benchmarks.sites import Kind, running
from tests.benchmarks.texts import PEOPLE, sentences
from tests.installation import Installation

from .model import ModelProcess, scripted_model

WRITER = "openai-chat:scripted"
# With the rules of writing, prompts of about eight kilobytes.
PASSAGES, PASSAGE_SENTENCES = 4, 16
STARTS_AT_ONCE = 8
EVERY_SECONDS = 0.25


@dataclass(frozen=True)
class Plan:
    """What is to be flown, and on what."""

    books: int
    chapters: int
    seconds: float
    tokens: int
    workers: int
    database: str
    settings: tuple[tuple[str, str], ...]
    limit: float
    minutes: float
    in_flight: int
    only: str

    @property
    def kind(self) -> Kind:
        """The installation's kind."""
        return Kind(self.database, self.database == "postgres", self.settings)

    @property
    def total(self) -> int:
        """How many chapters there are in all."""
        return self.books * self.chapters

    @property
    def about(self) -> str:
        """The work in words."""
        books = f"{self.books} × " if self.books else "books of "
        return f"{books}{self.chapters} chapters × {self.seconds:g} s, {self.tokens} events each"

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Plan":
        """Return the plan that the command's options make; with a rate, tokens are what it comes to."""
        tokens = round(options.rate * options.seconds) if options.rate else options.tokens
        settings = tuple(
            (name, value) for name, _, value in (each.partition("=") for each in options.setting)
        )
        return cls(
            options.books, options.chapters, options.seconds, tokens, options.workers, options.database, settings,
            options.limit, options.minutes, options.in_flight, options.only,
        )  # fmt: skip


@contextmanager
def flying(plan: Plan) -> Iterator[tuple[Installation, ModelProcess]]:
    """Run the scripted model and an installation that writes with it."""
    with scripted_model(plan.seconds, plan.tokens) as model:
        environment = {
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "sk-scripted",
            "CHAPTERFLOW_WRITER": WRITER,
            "CHAPTERFLOW_WRITERS": f"{WRITER},quotations",
        }
        with running(plan.kind, workers=plan.workers, **environment) as site:
            yield site, model


def storyline(book: str, chapters: int) -> bytes:
    """Return a storyline of chapters that do not depend on each other; ids and texts are this book's alone."""
    numbers = range(1, chapters + 1)
    keys = {number: [f"{book}-{number}-{place}" for place in range(1, PASSAGES + 1)] for number in numbers}
    chunks = [
        {"id": key, "text": _passage(key), "speaker": PEOPLE[(number + place) % len(PEOPLE)]}
        for number in numbers
        for place, key in enumerate(keys[number])
    ]
    nodes = [
        {
            "id": f"n{number}", "title": f"Year {number}", "summary": next(sentences(f"summary {book} {number}")),
            "centrality_score": max(0, 1 - number / 10_000), "chunk_ids": keys[number],
        }
        for number in numbers
    ]  # fmt: skip
    return json.dumps({"book": {"title": f"The River, {book}"}, "chunks": chunks, "nodes": nodes}).encode()


def _passage(key: str) -> str:
    return " ".join(islice(sentences(f"passage {key}"), PASSAGE_SENTENCES))


@dataclass(frozen=True)
class BookOf:
    """A book in the installation: its id, and the address that starts it."""

    book_id: str
    version: str

    @property
    def start_address(self) -> str:
        """Where the API starts it."""
        return f"/books/{self.book_id}/versions/{self.version}/start"


def upload(site: Installation, name: str, chapters: int) -> BookOf:
    """Upload a book."""
    book = str(site.call("POST", "/books", {"title": f"The River, {name}"})["book_id"])
    version = site.call("POST", f"/books/{book}/storyline", storyline(name, chapters))["version"]
    return BookOf(book, str(version))


def start_all(
    site: Installation, books: Sequence[BookOf], dependencies: str, writer: str = WRITER
) -> list[str]:
    """Start books side by side. Returns their sessions."""
    asked = {"writer": writer, "dependencies": dependencies}
    with ThreadPoolExecutor(STARTS_AT_ONCE) as pool:
        answers = pool.map(lambda book: site.call("POST", book.start_address, asked), books)
        return [str(answer["session_id"]) for answer in answers]


def wait_for_end(site: Installation, seconds: float) -> bool:
    """Wait until no session of the installation goes on, at most so long. Returns whether none does."""
    until = time.monotonic() + seconds
    while going_on(site):
        if time.monotonic() > until:
            return False
        time.sleep(EVERY_SECONDS)
    return True


def going_on(site: Installation) -> int:
    """Return how many sessions have not come to their end."""
    query = "SELECT COUNT(*) FROM workflow_processingsession WHERE status NOT IN ('completed', 'failed')"
    return _number(site, query)


def chapters_with(site: Installation, *statuses: str) -> int:
    """Return how many chapters of all books have one of these statuses."""
    marks = ", ".join("?" * len(statuses))
    return _number(
        site, f"SELECT COUNT(*) FROM workflow_chapterworkflowitem WHERE status IN ({marks})", statuses
    )


def events_of(site: Installation, kind: str) -> list[tuple[object, float]]:
    """Return (chapter's row, time) of all events of this kind, in order of time."""
    rows = site.rows("SELECT item_id, at FROM workflow_event WHERE kind = ?", (kind,))
    return sorted(((item, _seconds(at)) for item, at in rows), key=lambda event: event[1])


def written_twice(site: Installation) -> int:
    """Return how many chapters have more than one text of their writer."""
    query = (
        "SELECT COUNT(*) FROM (SELECT chapter_id FROM books_chapterrevision WHERE origin = 'writer'"
        " GROUP BY chapter_id HAVING COUNT(*) > 1) AS twice"
    )
    return _number(site, query)


def _number(site: Installation, query: str, parameters: tuple[object, ...] = ()) -> int:
    return int(str(site.rows(query, parameters)[0][0]))


def _seconds(at: object) -> float:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
