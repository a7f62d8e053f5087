"""Every SQL statement of `workflow` that is written by hand: what is read and changed with each chapter.

The ORM takes as long to put these together as all else that is done for a chapter (3 ms against 12 ms). Names of tables
and columns come from the models.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import Model

from books.models import (
    Book,
    BookVersion,
    Chapter,
    ChapterRevision,
    NodeChunk,
    StorylineLink,
    StorylineNode,
    TextChunk,
)
from chapterflow_site.core.rows import (
    column_name,
    count_rows,
    read_columns,
    read_row,
    read_together,
    run,
)

from .contract.states import ItemStatus
from .models import ChapterWorkflowItem, FactEntry, ItemDependency

Values = list[tuple[str, object]]
# Chapters by their numbers: all below one number, or these.
Numbers = int | Collection[int]


class _Table:
    """A model's table as SQL names it; an attribute is the column of the model's field of that name."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model

    def __str__(self) -> str:
        return self._model._meta.db_table

    def __getattr__(self, field: str) -> str:
        return f"{self}.{column_name(self._model, field)}"


_BOOK, _VERSION, _CHAPTER, _REVISION = map(_Table, (Book, BookVersion, Chapter, ChapterRevision))
_NODE, _LINK, _CHUNK, _NODE_CHUNK = map(_Table, (StorylineNode, StorylineLink, TextChunk, NodeChunk))
_ITEM, _NEEDS, _FACT = map(_Table, (ChapterWorkflowItem, ItemDependency, FactEntry))

# ------------------------------------------------------------------ claiming

# The statuses are literals, so that SQLite can use its partial indexes. Due and ready as `ItemQuerySet.startable` says.
_FIRST_READY = (
    f"{_ITEM.session} = %s AND {_ITEM.status} = '{ItemStatus.PENDING.value}' AND {_ITEM.unmet_count} = 0"
    f" AND ({_ITEM.next_attempt_at} IS NULL OR {_ITEM.next_attempt_at} <= %s)"
    f" ORDER BY {_ITEM.number} LIMIT 1"
)
_RUNNING = f"{_ITEM.session} = %s AND {_ITEM.status} = '{ItemStatus.IN_PROGRESS.value}'"
# One statement however many depend on it. The subquery needs no lock of its own: only transactions on this session,
# whose row is locked, change these counts.
_UNMET = column_name(ChapterWorkflowItem, "unmet_count")
_CHANGE_UNMET = (
    f"UPDATE {_ITEM} SET {_UNMET} = {_UNMET} {{step}}"  # noqa: S608  (names are the models')
    f" WHERE {_ITEM.pk} IN (SELECT {_NEEDS.item} FROM {_NEEDS} WHERE {_NEEDS.needs} = %s)"
)
_UNMET_LESS, _UNMET_MORE = _CHANGE_UNMET.format(step="- 1"), _CHANGE_UNMET.format(step="+ 1")


def read_first_ready(session_id: UUID, now: datetime) -> ChapterWorkflowItem | None:
    """Return the session's first chapter, by number, that could be claimed at `now`."""
    return read_row(ChapterWorkflowItem, _FIRST_READY, session=session_id, next_attempt_at=now)


def count_running(session_id: UUID) -> int:
    """Return how many of the session's chapters are in progress."""
    return count_rows(ChapterWorkflowItem, _RUNNING, session=session_id)


def meet_need(item_id: int) -> None:
    """Let the chapters that need this one wait for one less."""
    run(_UNMET_LESS, [item_id])


def need_again(item_id: int) -> None:
    """Let the chapters that need this one wait for one more."""
    run(_UNMET_MORE, [item_id])


# ------------------------------------------------------------------ what a writer is given

_CHUNK_OF_NODE = f"JOIN {_CHUNK} ON {_CHUNK.pk} = {_NODE_CHUNK.chunk}"
_AROUND_CHAPTER = (
    f"JOIN {_NODE} ON {_NODE.pk} = {_CHAPTER.node}"
    f" JOIN {_VERSION} ON {_VERSION.pk} = {_CHAPTER.version}"
    f" JOIN {_BOOK} ON {_BOOK.pk} = {_VERSION.book}"
)
_LINE = ((ChapterWorkflowItem, "number"), (Chapter, "title"), (ChapterWorkflowItem, "story_line"))
_CHAPTER_OF_ITEM = f"JOIN {_CHAPTER} ON {_CHAPTER.pk} = {_ITEM.chapter}"
_TEXT = (
    (Chapter, "number"),
    (Chapter, "title"),
    *((ChapterRevision, name) for name in ("markdown", "participants", "source_chunk_ids")),
)
_REVISION_OF_CHAPTER = f"JOIN {_REVISION} ON {_REVISION.pk} = {_CHAPTER.current_revision}"
_RELATED = (
    (StorylineLink, "relationship_type"),
    *((StorylineNode, name) for name in ("key", "title", "summary")),
)
_NODE_AT_THE_OTHER_END = (
    f"JOIN {_NODE} ON {_NODE.pk} = CASE {_LINK.source} WHEN %s THEN {_LINK.target} ELSE {_LINK.source} END"
)
FACT_COLUMNS = ("number", "position", "key", "name", "kind", "sentence", "chunk_ids")
_FACT_ROW = tuple((FactEntry, name) for name in FACT_COLUMNS)


def read_chapter(chapter_id: int) -> Chapter | None:
    """Return the chapter with its node, version and book, all read at once."""
    models = (Chapter, StorylineNode, BookVersion, Book)
    found = read_together(models, _AROUND_CHAPTER, f"{_CHAPTER.pk} = %s", pk=chapter_id)
    if not found:
        return None
    chapter, node, version, book = cast("tuple[Chapter, StorylineNode, BookVersion, Book]", found[0])
    chapter.node, chapter.version, version.book = node, version, book
    return chapter


def read_chunks(node_id: int) -> list[TextChunk]:
    """Return the node's chunks in the node's order."""
    where = f"{_NODE_CHUNK.node} = %s ORDER BY {_NODE_CHUNK.position}"
    rows = read_together((NodeChunk, TextChunk), _CHUNK_OF_NODE, where, node=node_id)
    return [chunk for _, chunk in rows if isinstance(chunk, TextChunk)]


def read_story_lines(session_id: UUID, numbers: Numbers, most: int) -> list[list[Any]]:
    """Return number, title and story line of those of the chapters that are written, the last first."""
    among, wanted = _among(numbers)
    where = (
        f"{_ITEM.session} = %s AND {_CHAPTER.current_revision} IS NOT NULL AND {_ITEM.number} {among}"
        f" ORDER BY {_ITEM.number} DESC LIMIT {most}"
    )
    return read_columns(_LINE, _CHAPTER_OF_ITEM, where, [("session", session_id), *wanted])


def read_texts(version_id: int, numbers: Numbers) -> list[list[Any]]:
    """Return number, title, text, participants and cited chunks of those chapters that are written, in order."""
    among, wanted = _among(numbers)
    where = f"{_CHAPTER.version} = %s AND {_CHAPTER.number} {among} ORDER BY {_CHAPTER.number}"
    return read_columns(_TEXT, _REVISION_OF_CHAPTER, where, [("version", version_id), *wanted])


def read_facts(session_id: UUID, numbers: Numbers, keys: Collection[str], most: int) -> list[list[Any]]:
    """Return the `FACT_COLUMNS` of what these chapters say of these names, the earliest first."""
    among, wanted = _among(numbers)
    named, names = _is_one_of("key", keys)
    where = (
        f"{_FACT.session} = %s AND {_FACT.number} {among} AND {_FACT.key} {named}"
        f" ORDER BY {_FACT.number}, {_FACT.position} LIMIT {most}"
    )
    return read_columns(_FACT_ROW, "", where, [("session", session_id), *wanted, *names])


def read_related(version_id: int, node_id: int, without_types: Collection[str], most: int) -> list[list[Any]]:
    """Return type of link, key, title and summary of the nodes linked to this one, the strongest link first."""
    among, types = _is_one_of("relationship_type", without_types)
    where = (
        f"{_LINK.version} = %s AND ({_LINK.source} = %s OR {_LINK.target} = %s)"
        f"{f' AND {_LINK.relationship_type} NOT {among}' if types else ''}"
        f" ORDER BY {_LINK.weight} DESC NULLS LAST, {_LINK.pk} LIMIT {most}"
    )
    ends: Values = [("source", node_id), ("version", version_id), ("source", node_id), ("target", node_id)]
    return read_columns(_RELATED, _NODE_AT_THE_OTHER_END, where, [*ends, *types])


def _among(numbers: Numbers) -> tuple[str, Values]:
    """Return the condition that a chapter's number is one of these, and its values."""
    if isinstance(numbers, int):
        return "< %s", [("number", numbers)]
    return _is_one_of("number", numbers)


def _is_one_of(column: str, wanted: Iterable[object]) -> tuple[str, Values]:
    """Return the condition that the column has one of these values; without any it holds nowhere."""
    values: Values = [(column, value) for value in wanted]
    return f"IN ({', '.join(['%s'] * len(values)) or 'NULL'})", values
