"""Where a benchmark keeps its rows: a new SQLite file or a new PostgreSQL database, removed afterwards."""

import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]


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


def postgres_url() -> str:
    """Return the URL of a PostgreSQL in which databases can be made, or ""."""
    said = subprocess.run(["sh", ".ci/postgres"], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


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


@contextmanager
def new_postgres() -> Iterator[str]:
    """Yield the URL of a new database of PostgreSQL; it is dropped afterwards."""
    server = postgres_url()
    name = f"chapterflow_benchmark_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
