"""What a rule is made of: what it reads of a chapter, small values that can be stored, and what compares them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from books.preferences.reading import KeptName
from workflow.contract.agent_types import SourceChunk

from .spans import Spans
from .types import Finding, Rule

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class ChapterText:
    """A chapter's Markdown with the spans of it that no rule may touch, and its sources."""

    number: int
    title: str
    markdown: str
    protected: Spans
    chunks: Sequence[SourceChunk] = ()

    def is_free(self, start: int, end: int) -> bool:
        """Say whether markdown[start:end] lies outside everything protected."""
        return not self.protected.overlaps(start, end)


@dataclass(frozen=True)
class Glyph:
    """A mark that can be written in several styles; `others` maps each other style to its text there."""

    start: int
    text: str
    kind: str
    style: str
    others: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """A piece of text and its offset."""

    start: int
    text: str


@dataclass(frozen=True)
class ChapterFacts(Generic[Facts]):
    """What was read of one chapter, by one rule or by all; it can be stored and compared later."""

    number: int
    title: str
    facts: Facts


@dataclass(frozen=True)
class BookFacts(Generic[Facts]):
    """What one rule has read of all chapters, the titles of the book's chapters by number, and names to leave alone.

    `kept_names` are the spellings that the person keeps.
    """

    chapters: tuple[ChapterFacts[Facts], ...]
    titles: Mapping[int, str]
    ignored_names: frozenset[str] = frozenset()
    kept_names: tuple[KeptName, ...] = ()


@dataclass(frozen=True)
class RuleModule(Generic[Facts]):
    """A rule, what it reads of each chapter by itself, and what it finds where it compares what it has read.

    Both are linear, and `read` keeps no more than small values that can be pickled.
    """

    rule: Rule
    read: Callable[[ChapterText], Facts]
    find: Callable[[BookFacts[Facts]], Iterator[Finding]]


def each_by_itself(book: BookFacts[tuple[Finding, ...]]) -> Iterator[Finding]:
    """Yield what a rule has found in each chapter that compares none: what it reads are findings already."""
    for chapter in book.chapters:
        yield from chapter.facts
