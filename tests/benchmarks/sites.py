"""Running installations to measure: one of each kind, on SQLite and PostgreSQL, and what `--with` adds to them."""

import argparse
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.installation import WRITERS, Installation
from tests.servers import new_postgres, postgres_url
from tests.storylines import storyline

OWN_WRITERS = [f"python:tests.benchmarks.writers:{each}" for each in ("long", "pausing")]


@dataclass(frozen=True)
class Kind:
    """One kind of installation and what its environment has besides."""

    name: str
    is_postgres: bool = False
    environment: tuple[tuple[str, str], ...] = ()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let more kinds be measured."""
    parser.add_argument(
        "--with", dest="more", action="append", default=[], metavar="NAME:VARIABLE=VALUE[,…]",
        help="one kind more, e.g. 'PostgreSQL, Redis:REDIS_URL=redis://127.0.0.1:6379/9'; "
        "a name with PostgreSQL in it stands on PostgreSQL, any other on SQLite",
    )  # fmt: skip
    parser.add_argument("--only", help="measure only kinds whose name has this in it")


def kinds(options: argparse.Namespace) -> list[Kind]:
    """Return the kinds to measure: as it comes on SQLite and PostgreSQL, and those of `--with`."""
    found = [Kind("SQLite, as it comes"), Kind("PostgreSQL, as it comes", is_postgres=True)]
    for text in options.more:
        name, _, variables = text.partition(":")
        pairs = [pair.partition("=") for pair in variables.split(",")]
        environment = tuple((variable, value) for variable, _, value in pairs)
        found.append(Kind(name, "PostgreSQL" in name, environment))
    chosen = [kind for kind in found if not options.only or options.only in kind.name]
    return [kind for kind in chosen if not kind.is_postgres or postgres_url()]


@contextmanager
def running(kind: Kind, *, workers: int = 2, **environment: str) -> Iterator[Installation]:
    """Run an installation of this kind; it and all that it made are gone afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chapterflow-benchmark-"))
        more: dict[str, str] = {**dict(kind.environment), **environment}
        if kind.is_postgres:
            more["DATABASE_URL"] = stack.enter_context(new_postgres())
        more.setdefault("CHAPTERFLOW_WRITERS", ",".join([*WRITERS, *OWN_WRITERS]))
        yield stack.enter_context(Installation(Path(folder), workers=workers, **more))


def upload(site: Installation, chapters: int) -> str:
    """Upload a book. Returns the address that starts it."""
    book = site.call("POST", "/books", {"title": "Benchmark"})["book_id"]
    version = site.call("POST", f"/books/{book}/storyline", storyline(chapters))["version"]
    return f"/books/{book}/versions/{version}/start"


def quantiles(values: list[float]) -> Mapping[str, float]:
    """Return the middle, the 90th percentile and the largest."""
    ordered = sorted(values)
    return {
        "median": statistics.median(ordered),
        "p90": ordered[min(len(ordered) - 1, round(0.9 * len(ordered)))],
        "max": ordered[-1],
    }
