"""What a writer is given: the chapter's sources and a bounded view of the chapters that it depends on."""

from collections.abc import Iterable

from django.db.models import QuerySet

from books.models import Chapter, Dependencies, NodeChunk, StorylineNode, TextChunk

from .agents.types import ChapterContext, ChapterTask, EarlierChapter, SourceChunk, SourceNode
from .models import ChapterWorkflowItem, ItemDependency, ProcessingSession

NEAREST = 6
EXCERPT_CHARACTERS = 600


def source_chunk(chunk: TextChunk) -> SourceChunk:
    """Return the chunk as agents see it."""
    return SourceChunk(
        id=chunk.key,
        text=chunk.text,
        speaker=chunk.speaker,
        speakers=tuple(chunk.speakers),
        source=chunk.source,
        sequence=chunk.sequence,
        start_seconds=chunk.start_seconds,
        end_seconds=chunk.end_seconds,
    )


def source_node(node: StorylineNode) -> SourceNode:
    """Return the node as agents see it."""
    return SourceNode(
        id=node.key,
        title=node.title,
        summary=node.summary,
        summary_origin=node.summary_origin,
        themes=tuple(node.themes),
        participants=tuple(node.participants),
        temporal_info=node.temporal_info,
    )


def chunks_of(node: StorylineNode) -> list[TextChunk]:
    """Return the node's chunks in the node's order."""
    rows = NodeChunk.objects.filter(node=node).select_related("chunk").order_by("position")
    return [row.chunk for row in rows]


def chapter_task(
    session: ProcessingSession, item: ChapterWorkflowItem, chunks: list[TextChunk]
) -> ChapterTask:
    """Return everything that the chapter is written from. The same input gives the same task, in any schedule."""
    version = item.chapter.version
    return ChapterTask(
        number=item.number,
        title=item.chapter.node.title,
        node=source_node(item.chapter.node),
        chunks=tuple(source_chunk(chunk) for chunk in chunks),
        context=earlier_chapters(item),
        book=version.book.card(),
        preferences={**version.book.preferences, **version.preferences},
    )


def earlier_chapters(item: ChapterWorkflowItem) -> ChapterContext:
    """Return the nearest chapters that `item` depends on, however far up, at most six; `left_out` counts others met."""
    if item.session.dependencies == Dependencies.SEQUENTIAL:
        chapters, left_out = _nearest_before(item)
    else:
        nearest, left_out = _nearest_needs(item.pk)
        chapters = list(_with_texts().filter(item__in=nearest).order_by("number"))
    return ChapterContext(tuple(_earlier(chapter) for chapter in chapters), left_out)


def _with_texts() -> QuerySet[Chapter]:
    """Read of chapters and their texts only what is shown of them."""
    return Chapter.objects.select_related("current_revision").only(
        "number", "title", "current_revision__markdown", "current_revision__participants"
    )


def _nearest_before(item: ChapterWorkflowItem) -> tuple[list[Chapter], int]:
    """In a sequence the chapters before are those that it depends on: one query, and every other is counted."""
    before = _with_texts().filter(version=item.chapter.version_id, number__lt=item.number)
    found = list(before.order_by("-number")[:NEAREST])
    return found[::-1], max(0, item.number - 1 - len(found))


def _nearest_needs(item_pk: int) -> tuple[list[int], int]:
    """Walk up level by level until enough are found: the cost does not grow with the book."""
    found: list[int] = []
    level = [item_pk]
    while level and len(found) < NEAREST:
        above = _needs_of(level, set(found))
        found += above
        level = above
    return found[:NEAREST], max(0, len(found) - NEAREST)


def _needs_of(items: Iterable[int], known: set[int]) -> list[int]:
    rows = ItemDependency.objects.filter(item__in=items).order_by("-needs__number")
    return [pk for pk in dict.fromkeys(rows.values_list("needs", flat=True)) if pk not in known]


def _earlier(chapter: Chapter) -> EarlierChapter:
    revision = chapter.current_revision
    text = revision.markdown if revision else ""
    return EarlierChapter(
        number=chapter.number,
        title=chapter.title,
        opening=text[:EXCERPT_CHARACTERS],
        ending=text[-EXCERPT_CHARACTERS:],
        participants=tuple(revision.participants) if revision else (),
        text=text,
    )
