"""Gathers the questions of all kinds, and chooses the few that are worth a person's time."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from workflow.contract.agent_types import WrittenChapter

from . import quiet_participants, unanswered, unknown_names
from .records import CATEGORIES, PRIORITIES, Candidate, Question, Record, fingerprint, read_record


def ask_questions(
    chapters: Sequence[WrittenChapter], limit_per_chapter: int = 3, limit: int = 100
) -> list[Question]:
    """Return the most important questions that the sources leave open, each one once, best first."""
    records = [read_record(chapter) for chapter in sorted(chapters, key=lambda chapter: chapter.number)]
    return _mixed(_chosen(_candidates(records), limit_per_chapter, limit))


def _candidates(records: Sequence[Record]) -> Iterator[Candidate]:
    for record in records:
        yield from _without_source(record)
        yield from unanswered.find(record)
    yield from unknown_names.find(records)
    yield from quiet_participants.find(records)


def _chosen(candidates: Iterable[Candidate], limit_per_chapter: int, limit: int) -> list[Candidate]:
    taken: dict[str, Candidate] = {}
    by_chapter: Counter[int | None] = Counter()
    for candidate in sorted(candidates, key=_rank):
        question = candidate.question
        if len(taken) >= limit:
            break
        if question.key not in taken and by_chapter[question.chapter] < limit_per_chapter:
            taken[question.key] = candidate
            by_chapter[question.chapter] += 1
    return list(taken.values())


def _mixed(ranked: Iterable[Candidate]) -> list[Question]:
    """Return the questions in their order, except that no more than five of one kind stand in a row."""
    waiting: dict[str, deque[Candidate]] = {}
    for candidate in ranked:
        waiting.setdefault(candidate.question.category, deque()).append(candidate)
    mixed: list[Question] = []
    while waiting:
        row = {question.category for question in mixed[-_LONGEST_ROW:]}
        full = row if len(row) == 1 and len(mixed) >= _LONGEST_ROW else set()
        category = min(waiting.keys() - full or waiting, key=lambda kind: _rank(waiting[kind][0]))
        mixed.append(waiting[category].popleft().question)
        if not waiting[category]:
            del waiting[category]
    return mixed


_LONGEST_ROW = 5
_CATEGORY_ORDER = tuple(CATEGORIES)


def _rank(candidate: Candidate) -> tuple[int, int, float, int, str]:
    question = candidate.question
    return (
        PRIORITIES.index(question.priority),
        _CATEGORY_ORDER.index(question.category),
        -candidate.weight,
        question.chapter or 0,
        question.key,
    )


_NO_SOURCE = "no_source"


def _without_source(record: Record) -> Iterator[Candidate]:
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
        category=_NO_SOURCE,
        priority="high",
        text=f"What can you tell about “{chapter.title or chapter.node.title}”?",
        reason=f"No transcript belongs to this chapter, {rest}.",
        evidence={"summary": summary} if summary else {},
        key=fingerprint(_NO_SOURCE, chapter.node.id),
    )
    yield Candidate(question, weight=1.0)
