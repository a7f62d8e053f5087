"""Chapters that rest on no source text at all."""

from collections.abc import Iterator

from .types import Candidate, Question, Record, fingerprint

CATEGORY = "no_source"


def find(record: Record) -> Iterator[Candidate]:
    """Yield a question where a node has no chunks, or nothing but its own summary."""
    chapter = record.chapter
    summary = " ".join(chapter.node.summary.split())
    texts = {" ".join(chunk.text.split()) for chunk in chapter.chunks} - {"", summary}
    if texts:
        return
    rest = "so it rests on its summary alone" if summary else "so there is nothing to write it from"
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority="high",
        text=f"What can you tell about “{chapter.title or chapter.node.title}”?",
        reason=f"No transcript belongs to this chapter, {rest}.",
        evidence={"summary": summary} if summary else {},
        key=fingerprint(CATEGORY, chapter.node.id),
    )
    yield Candidate(question, weight=1.0)
