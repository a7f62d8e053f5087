"""Where a benchmark keeps its rows: a new SQLite file or a new PostgreSQL database, removed afterwards."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.servers import new_postgres, postgres_url


@dataclass(frozen=True)
class Place:
    """One kind of database. `synchronous` is SQLite's setting; PostgreSQL keeps its own."""

    name: str
    synchronous: str = ""

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return bool(self.synchronous)


FULL = Place("SQLite, synchronous FULL", "FULL")
NORMAL = Place("SQLite, synchronous NORMAL", "NORMAL")
POSTGRES = Place("PostgreSQL")


def places() -> list[Place]:
    """Return all kinds that can be used here."""
    return [NORMAL, FULL, *([POSTGRES] if postgres_url() else [])]


@contextmanager
def environment_of(place: Place) -> Iterator[Mapping[str, str]]:
    """Yield the environment of an installation on a new database of this kind."""
    with tempfile.TemporaryDirectory(prefix="chapterflow-benchmark-") as folder:
        base = {"CHAPTERFLOW_DATA_DIR": folder, "BENCHMARK_SYNCHRONOUS": place.synchronous}
        if place.is_sqlite:
            yield base
            return
        with new_postgres() as url:
            yield {**base, "DATABASE_URL": url}
