"""Chooses which two of a chapter's revisions to compare, and says who made the present one."""

from collections.abc import Sequence

from books.models import Chapter, ChapterRevision, Origin
from chapterflow_site.templatetags.interface import duration
from workflow.agents.orchestrator import label_of


def compared(
    revisions: Sequence[ChapterRevision], newer: str, older: str
) -> tuple[ChapterRevision | None, ChapterRevision | None]:
    """Return the two revisions that the numbers name; by default the newest (first) and the one before it."""
    by_number = {str(revision.number): revision for revision in revisions}
    first = by_number.get(newer, revisions[0] if revisions else None)
    if first is None:
        return None, None
    earlier = next((revision for revision in revisions if revision.number < first.number), None)
    return first, by_number.get(older, earlier)


def writing_words(chapter: Chapter) -> str:
    """Say who made the present text and how long the writing took; "" where there is none."""
    revision = chapter.current_revision
    if revision is None:
        return ""
    if revision.origin == Origin.HARMONIZER:
        return "last changed by the harmonizer"
    if revision.origin == Origin.PERSON:
        return f"last changed by {revision.created_by or 'a person'}"
    item = getattr(chapter, "item", None)
    by = f"written by {label_of(revision.agent)}"
    if revision.agent == "quotations":
        by = "made from selected quotations, no AI"
    took = (
        (item.finished_at - item.started_at).total_seconds()
        if item and item.started_at and item.finished_at
        else 0
    )
    return f"{by}, in {duration(took)}" if took >= 1 else by
