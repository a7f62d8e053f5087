"""What a writer is given: the chapter's sources and a bounded view of the chapters that it depends on."""

from typing import cast

from books.models import Book, BookVersion, Chapter, NodeChunk, StorylineNode, TextChunk
from books.preferences.rule import preferences_of
from chapterflow_site.rows import read_together

from .agents.types import ChapterTask, SourceChunk, SourceNode
from .continuity import read_context
from .models import ChapterWorkflowItem, ProcessingSession

CHUNK_OF_NODE = "JOIN books_textchunk ON books_textchunk.id = chunk_id"
AROUND_CHAPTER = """
    JOIN books_storylinenode ON books_storylinenode.id = node_id
    JOIN books_bookversion ON books_bookversion.id = books_chapter.version_id
    JOIN books_book ON books_book.id = books_bookversion.book_id
"""


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
    rows = read_together(
        (NodeChunk, TextChunk), CHUNK_OF_NODE, "node_id = %s ORDER BY position", node=node.pk
    )
    return [chunk for _, chunk in rows if isinstance(chunk, TextChunk)]


def chapter_of(item: ChapterWorkflowItem) -> Chapter:
    """Return the item's chapter with its node, version and book. Raises Chapter.DoesNotExist."""
    models = (Chapter, StorylineNode, BookVersion, Book)
    found = read_together(models, AROUND_CHAPTER, "books_chapter.id = %s", pk=item.chapter_id)
    if not found:
        raise Chapter.DoesNotExist(f"chapter {item.chapter_id}")
    chapter, node, version, book = cast("tuple[Chapter, StorylineNode, BookVersion, Book]", found[0])
    chapter.node, chapter.version, version.book = node, version, book
    return chapter


def chapter_task(
    session: ProcessingSession, item: ChapterWorkflowItem, chunks: list[TextChunk]
) -> ChapterTask:
    """Return everything that the chapter is written from. The same input gives the same task, in any schedule."""
    version = item.chapter.version
    node, sources = source_node(item.chapter.node), tuple(source_chunk(chunk) for chunk in chunks)
    return ChapterTask(
        number=item.number,
        title=node.title,
        node=node,
        chunks=sources,
        context=read_context(session, item, node, sources),
        book=version.book.card(),
        preferences=preferences_of(version),
        note=item.note if item.is_written_again else "",
    )
