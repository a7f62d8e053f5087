"""The order in which a node's chunks were spoken, as far as they say."""

from collections.abc import Sequence

from workflow.contract.agent_types import SourceChunk


def in_spoken_order(chunks: Sequence[SourceChunk]) -> tuple[list[SourceChunk], bool]:
    """Return the chunks by sequence, else by start time, else as given; and whether that is the spoken order.

    Sequences and times count within one recording: where they overlap between sources, each source's
    chunks stay together.
    """
    recordings = {source: place for place, source in enumerate(dict.fromkeys(c.source for c in chunks))}
    sequences = [chunk.sequence for chunk in chunks if chunk.sequence is not None]
    if len(sequences) == len(chunks):
        if len(set(sequences)) == len(chunks):
            return sorted(chunks, key=_sequence), True
        return sorted(chunks, key=lambda c: (recordings[c.source], _sequence(c))), len(recordings) == 1
    if all(chunk.start_seconds is not None for chunk in chunks):
        return sorted(chunks, key=lambda c: (recordings[c.source], _start(c))), len(recordings) == 1
    return list(chunks), False


def _sequence(chunk: SourceChunk) -> int:
    return chunk.sequence or 0


def _start(chunk: SourceChunk) -> float:
    return chunk.start_seconds or 0.0
