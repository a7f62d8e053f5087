"""The turns of a conversation, over the borders of chunks that follow each other."""

from collections.abc import Iterator, Sequence

from books.text.sentences import sentence_spans
from workflow.agents.quotations.order import in_spoken_order
from workflow.agents.quotations.turns import find_lines
from workflow.contract.agent_types import SourceChunk, WrittenChapter

from .types import Record, Turn


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
