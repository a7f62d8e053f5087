"""What a writer is given: the chapter's sources and a bounded view of the chapters that it depends on."""

from books.models import NodeChunk, StorylineNode, TextChunk
from books.preferences.rule import preferences_of

from .agents.types import ChapterTask, SourceChunk, SourceNode
from .continuity import read_context
from .models import ChapterWorkflowItem, ProcessingSession


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
