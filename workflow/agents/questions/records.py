"""A follow-up question, and the turns of conversation that questions are read from, over the borders of chunks."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from books.text.sentences import sentence_spans
from workflow.agents.quotations.turns import find_lines, in_spoken_order
from workflow.contract.agent_types import SourceChunk, WrittenChapter

Priority = Literal["high", "medium", "low"]
PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")

CATEGORIES: Mapping[str, str] = {
    "no_source": "No source text",
    "unanswered_question": "Left open",
    "unknown_name": "A name",
    "thin_voice": "A voice",
}


@dataclass(frozen=True)
class Question:
    """A question to the person whose book it is.

    `evidence` is plain JSON (`chunk_id` and `quote` where there is a passage to show); `key` is the same
    for the same question of a later version.
    """

    chapter: int | None
    node_id: str | None
    category: str
    priority: Priority
    text: str
    reason: str
    evidence: Mapping[str, object]
    key: str


@dataclass(frozen=True)
class Candidate:
    """A question with its weight among those of the same priority (the higher, the earlier)."""

    question: Question
    weight: float


@dataclass(frozen=True)
class Turn:
    """What one speaker says until another speaks. `follows`: nothing was left out before it."""

    chunk_id: str
    speaker: str
    text: str
    follows: bool


@dataclass(frozen=True)
class Record:
    """A chapter with the turns of its chunks, in spoken order."""

    chapter: WrittenChapter
    turns: Sequence[Turn]


def fingerprint(category: str, *subject: str) -> str:
    """Return a stable key of 32 hexadecimal digits for a question about this subject."""
    plain = "\x1f".join([category, *(" ".join(part.casefold().split()) for part in subject)])
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


def read_record(chapter: WrittenChapter) -> Record:
    """Return the chapter with its turns; lines of one speaker in a row of one chunk are one turn."""
    chunks, _ = in_spoken_order(chapter.chunks)
    lines = find_lines(chunks, chapter.node.participants)
    turns: list[Turn] = []
    previous = -1
    for line in lines:
        chunk = chunks[line.chunk]
        follows = line.chunk == previous or (previous >= 0 and _adjoin(chunks[previous], chunk))
        previous = line.chunk
        text = chunk.text[line.start : line.end].strip()
        if not text:
            continue
        last = turns[-1] if turns else None
        if last and follows and last.speaker == line.speaker and last.chunk_id == chunk.id:
            turns[-1] = Turn(chunk.id, last.speaker, f"{last.text}\n{text}", last.follows)
        else:
            turns.append(Turn(chunk.id, line.speaker, text, follows))
    return Record(chapter, turns)


def sentences(turn: Turn) -> Iterator[str]:
    """Yield the turn's sentences as they stand in its chunk: none goes over the end of a line."""
    for line in turn.text.split("\n"):
        yield from (line[start:end] for start, end in sentence_spans(line))


def _adjoin(one: SourceChunk, other: SourceChunk) -> bool:
    if (
        one.sequence is None
        or other.sequence is None
        or one.source.split(",")[0] != other.source.split(",")[0]
    ):
        return False
    return other.sequence == one.sequence + 1


def conversation(turns: Sequence[Turn], after: int, limit: int) -> Iterator[Turn]:
    """Yield up to `limit` turns that follow the one at `after` without a gap in the record."""
    for turn in turns[after + 1 : after + 1 + limit]:
        if not turn.follows:
            return
        yield turn
