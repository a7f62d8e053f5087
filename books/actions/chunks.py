"""Storing text chunks: each text once per book, found again by the id that the upload gave it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from books.models import Book, TextChunk
from books.storyline.values.digest import chunk_digest
from books.storyline.values.document import ChunkSpec
from chapterflow_site.core import crash_points
from chapterflow_site.core.rows import add_values

# Databases bound the parameters of one query.
_BATCH = 500

_COLUMNS = (
    "book",
    "key",
    "digest",
    "text",
    "clean_text",
    "turns",
    "loops",
    "speaker",
    "speakers",
    "source",
    "sequence",
    "start_seconds",
    "end_seconds",
    "extra",
    "word_count",
    "created_at",
)

T = TypeVar("T")


@dataclass(frozen=True)
class StoredChunk:
    """A chunk's row: its primary key and how many words its text has."""

    pk: int
    word_count: int


@crash_points.named_commit("add_chunks")
def add_chunks(
    book: Book, chunks: Sequence[ChunkSpec], *, actor: AbstractBaseUser | None
) -> Mapping[str, StoredChunk]:
    """Add chunks to a book, for nodes of later storylines to name; return their rows by id.

    A chunk that is there already with the same content is not stored again; another text under a known id
    is a new row, and what later uploads mean by the id.
    """
    Book.objects.select_for_update().get(pk=book.pk)
    return store_chunks(book, chunks)


def store_chunks(book: Book, chunks: Iterable[ChunkSpec]) -> dict[str, StoredChunk]:
    """Store what is new among `chunks`; return the row of each id. Call with the book locked."""
    now = timezone.now()
    by_digest = {(chunk.id, chunk_digest(chunk)): chunk for chunk in chunks}
    keys = {key for key, _ in by_digest}
    known = _known_rows(book, keys)
    new = [(chunk, key) for key, chunk in by_digest.items() if key not in known]
    add_values(TextChunk, _COLUMNS, (_values(book, chunk, digest, now) for chunk, (_, digest) in new))
    found = {key: known[key, digest] for key, digest in by_digest if (key, digest) in known}
    _make_newest(book, found, now)
    stored = _known_rows(book, {chunk.id for chunk, _ in new})
    return found | {key: stored[key, digest] for _, (key, digest) in new}


def newest_chunks(book: Book, keys: Collection[str]) -> dict[str, StoredChunk]:
    """Return the newest row of each of these ids in the book's earlier uploads; unknown ids are left out."""
    rows = (
        TextChunk.objects.filter(book=book, key__in=batch)
        .order_by("created_at", "pk")
        .values_list("key", "pk", "word_count")
        for batch in _batches(sorted(keys))
    )
    return {key: StoredChunk(pk, words) for batch in rows for key, pk, words in batch}


def known_chunk_ids(book: Book) -> set[str]:
    """Return the ids of all chunks of a book."""
    return set(TextChunk.objects.filter(book=book).values_list("key", flat=True))


def _known_rows(book: Book, keys: Collection[str]) -> dict[tuple[str, str], StoredChunk]:
    rows = (
        TextChunk.objects.filter(book=book, key__in=batch).values_list("key", "digest", "pk", "word_count")
        for batch in _batches(sorted(keys))
    )
    return {(key, digest): StoredChunk(pk, words) for batch in rows for key, digest, pk, words in batch}


def _make_newest(book: Book, found: Mapping[str, StoredChunk], now: datetime) -> None:
    """Let a text that came back after another one be again what its id means."""
    newest = newest_chunks(book, found.keys())
    stale = [chunk.pk for key, chunk in found.items() if newest[key].pk != chunk.pk]
    for batch in _batches(stale):
        TextChunk.objects.filter(pk__in=batch).update(created_at=now)


def _values(book: Book, chunk: ChunkSpec, digest: str, now: datetime) -> tuple[object, ...]:
    clean = chunk.clean
    starts_at = clean.start_seconds if chunk.start_seconds is None else chunk.start_seconds
    return (
        book.pk,
        chunk.id,
        digest,
        chunk.text,
        clean.text if clean.text != chunk.text else "",
        clean.turns,
        clean.loops,
        chunk.speaker,
        list(dict.fromkeys([*chunk.speakers, *clean.speakers])),
        chunk.source,
        chunk.sequence,
        None if starts_at is not None and (chunk.end_seconds or starts_at) < starts_at else starts_at,
        chunk.end_seconds,
        dict(chunk.extra),
        chunk.word_count,
        now,
    )


def _batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]
