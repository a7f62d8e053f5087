"""Reads the rows that cards are made of: one query for the items, one for their dependencies."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from workflow.models import ChapterWorkflowItem, ItemDependency

Needs = dict[int, tuple[int, ...]]


class Row(NamedTuple):
    """One item with its chapter's title and the size of its source, as the database has it."""

    item_id: int
    number: int
    status: str
    status_before: str
    attempt_count: int
    retry_count: int
    next_attempt_at: datetime | None
    error_code: str
    error_message: str
    word_count: int
    quality_score: float | None
    started_at: datetime | None
    finished_at: datetime | None
    owner: str
    title: str
    outdated_reason: str
    passage_count: int
    source_words: int
    wait_count: int = 0
    rate_limited_at: datetime | None = None
    writer: str = ""


# Where a field is not the item's own column of the same name.
_PATHS: Mapping[str, str] = {
    "item_id": "pk",
    "title": "chapter__title",
    "outdated_reason": "chapter__outdated_reason",
    "passage_count": "chapter__node__chunk_count",
    "source_words": "chapter__node__word_count",
}
_COLUMNS = tuple(_PATHS.get(name, name) for name in Row._fields)


def read_rows(session_id: UUID, item_ids: Collection[int] | None = None) -> list[Row]:
    """Return the session's items in order, or those of them that are named."""
    items = ChapterWorkflowItem.objects.filter(session_id=session_id)
    if item_ids is not None:
        items = items.filter(pk__in=item_ids)
    return [Row._make(values) for values in items.order_by("number").values_list(*_COLUMNS)]


def read_rows_of_several(session_ids: Collection[UUID]) -> dict[UUID, list[Row]]:
    """Return the items of each session in order, in one query."""
    items = ChapterWorkflowItem.objects.filter(session_id__in=session_ids).order_by("number")
    rows: dict[UUID, list[Row]] = {session_id: [] for session_id in session_ids}
    for session_id, *values in items.values_list("session_id", *_COLUMNS):
        rows[session_id].append(Row._make(values))
    return rows


def read_needs(session_id: UUID) -> Needs:
    """Return for each chapter's number those of the chapters that it is written after, ascending."""
    return read_needs_of_several([session_id])[session_id]


def read_needs_of_several(session_ids: Collection[UUID]) -> dict[UUID, Needs]:
    """Return the same of each session, in one query."""
    pairs = ItemDependency.objects.filter(item__session_id__in=session_ids)
    needs: dict[UUID, dict[int, list[int]]] = {session_id: {} for session_id in session_ids}
    for session_id, number, needed in pairs.values_list(
        "item__session_id", "item__number", "needs__number"
    ).order_by("item__number", "needs__number"):
        needs[session_id].setdefault(number, []).append(needed)
    return {
        session_id: {number: tuple(needed) for number, needed in found.items()}
        for session_id, found in needs.items()
    }
