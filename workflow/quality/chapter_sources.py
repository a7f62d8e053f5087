"""What a chapter may rest on, made ready for its metrics: the words of its chunks, its node and its book."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from workflow.agents.quotations.words import split_words, terms_of
from workflow.contract.agent_types import JSON, EarlierChapter, SourceChunk, SourceNode

_PIECE = re.compile(r"[^.!?…\n]+")
_DEEPEST = 6


@dataclass(frozen=True)
class Sources:
    """A chapter's chunks and node, what its book says of itself, and the chapters that it comes after."""

    chunks: Sequence[SourceChunk]
    node: SourceNode
    book: JSON
    earlier: Sequence[EarlierChapter] = ()

    @cached_property
    def text(self) -> str:
        """The transcripts' words."""
        return "\n".join(chunk.text for chunk in self.chunks)

    @cached_property
    def _pieces(self) -> list[list[list[str]]]:
        """The words of each sentence of each chunk: all that is read of them, once."""
        return [[split_words(piece) for piece in _PIECE.findall(chunk.text)] for chunk in self.chunks]

    @cached_property
    def words(self) -> list[str]:
        """The transcripts' words in lower case, in order."""
        return [word for pieces in self._pieces for piece in pieces for word in piece]

    @cached_property
    def said(self) -> list[str]:
        """The words of each chunk as one text, with a space before and after each."""
        return [f" {' '.join(word for piece in pieces for word in piece)} " for pieces in self._pieces]

    @cached_property
    def around(self) -> str:
        """What else may be named: speakers, recordings, all of the node, what the book says of itself."""
        chunks = (part for chunk in self.chunks for part in (chunk.speaker, *chunk.speakers, chunk.source))
        node = (self.node.title, self.node.summary, *self.node.themes, *self.node.participants)
        return "\n".join([*chunks, *node, *texts_in(self.node.temporal_info), *texts_in(self.book)])

    @cached_property
    def passages(self) -> list[frozenset[str]]:
        """The terms of each chunk, and of the node's own title and summary."""
        of_chunks = [frozenset(term for terms in pieces for term in terms) for pieces in self._terms]
        return [*of_chunks, frozenset(terms_of(split_words(f"{self.node.title}\n{self.node.summary}")))]

    @cached_property
    def people(self) -> frozenset[str]:
        """The terms of the names of those who speak or take part, who seldom name themselves."""
        of_chunks = (name for chunk in self.chunks for name in (chunk.speaker, *chunk.speakers))
        names = "\n".join([*of_chunks, *self.node.participants])
        return frozenset(terms_of(split_words(names)))

    @cached_property
    def _terms(self) -> list[list[list[str]]]:
        return [[terms_of(piece) for piece in pieces] for pieces in self._pieces]

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """How much each term tells: ln(1 + S/df), df of the S sentences of the transcripts that have it."""
        counts = Counter(term for pieces in self._terms for terms in pieces for term in set(terms))
        size = self._sentence_count
        return {term: log(1 + size / count) for term, count in counts.items()}

    @cached_property
    def greatest_weight(self) -> float:
        """The weight of a term that no source has: that of one that stands there once."""
        return log(1 + self._sentence_count)

    @property
    def _sentence_count(self) -> int:
        return max(1, sum(map(len, self._pieces)))


def texts_in(value: object, depth: int = 0) -> Iterator[str]:
    """Yield every text and number in a JSON value."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
    elif depth < _DEEPEST and isinstance(value, Mapping):
        yield from _texts_of(value.values(), depth)
    elif depth < _DEEPEST and isinstance(value, list | tuple):
        yield from _texts_of(value, depth)


def _texts_of(values: Iterable[object], depth: int) -> Iterator[str]:
    for each in values:
        yield from texts_in(each, depth + 1)
