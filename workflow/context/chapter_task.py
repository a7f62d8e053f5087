"""What a writer is given: the chapter's sources and a bounded view of the chapters that it depends on."""

from dataclasses import replace

from books.models import Chapter, StorylineNode, TextChunk
from books.preferences.rule import preferences_of
from books.sources import SourceRules, readable, readable_node, rules_of
from books.text.withheld import Withheld
from workflow.contract.agent_types import ChapterContext, ChapterTask, SourceChunk, SourceNode
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.queries import read_chapter, read_chunks

from .continuity import read_context


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


def source_node(node: StorylineNode, rules: SourceRules) -> SourceNode:
    """Return the node as agents see it."""
    node = readable_node(node, rules)
    return SourceNode(
        id=node.key,
        title=node.title,
        summary=node.summary,
        summary_origin=node.summary_origin,
        themes=tuple(node.themes),
        participants=tuple(node.participants),
        temporal_info=node.temporal_info,
    )


def chunks_of(node: StorylineNode, rules: SourceRules) -> list[TextChunk]:
    """Return the node's chunks in the node's order, with what may be read of them."""
    return [readable(chunk, rules) for chunk in read_chunks(node.pk)]


def chapter_of(item: ChapterWorkflowItem) -> Chapter:
    """Return the item's chapter with its node, version and book. Raises Chapter.DoesNotExist."""
    chapter = read_chapter(item.chapter_id)
    if chapter is None:
        raise Chapter.DoesNotExist(f"chapter {item.chapter_id}")
    return chapter


def _without_withheld(context: ChapterContext, withheld: Withheld) -> ChapterContext:
    """Return the context without words that are withheld, whenever its texts were written."""
    if not withheld:
        return context
    mask = withheld.mask
    return replace(
        context,
        chapters=tuple(
            replace(
                each,
                title=mask(each.title),
                line=mask(each.line),
                ending=mask(each.ending),
                text=mask(each.text),
                participants=withheld.mask_all(each.participants),
            )
            for each in context.chapters
        ),
        facts=tuple(fact for fact in context.facts if not withheld.is_in(f"{fact.name}\n{fact.sentence}")),
        related=tuple(
            replace(
                each, title=mask(each.title), summary="" if withheld.is_in(each.summary) else each.summary
            )
            for each in context.related
        ),
    )


def chapter_task(
    session: ProcessingSession, item: ChapterWorkflowItem, chunks: list[TextChunk]
) -> ChapterTask:
    """Return everything that the chapter is written from. The same input gives the same task, in any schedule."""
    version = item.chapter.version
    rules = rules_of(version)
    node = source_node(item.chapter.node, rules)
    sources = tuple(source_chunk(chunk) for chunk in chunks if not chunk.is_masked)
    preferences = {key: value for key, value in preferences_of(version).items() if key != "leave_out"}
    return ChapterTask(
        chapter_number=item.number,
        title=node.title,
        storyline_node=node,
        text_chunks=sources,
        previous_context=_without_withheld(read_context(session, item, node, sources), rules.withheld),
        book_metadata=rules.withheld.mask_all(version.book.card()),
        user_preferences=rules.withheld.mask_all(preferences),
        note=rules.withheld.mask(item.note) if item.is_written_again else "",
        withheld_chunk_ids=tuple(chunk.key for chunk in chunks if chunk.is_masked),
    )
