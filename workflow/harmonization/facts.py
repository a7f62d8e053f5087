"""What the rules need to know of a chapter to compare it with the others: small values that can be stored."""

from collections.abc import Mapping
from dataclasses import dataclass

from books.preferences.reading import KeptName

from .spans import Spans
from .types import Finding


@dataclass(frozen=True)
class ChapterText:
    """A chapter's Markdown with the spans of it that no rule may touch."""

    number: int
    title: str
    markdown: str
    protected: Spans

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
class Heading:
    """A `#` heading. `lower_elsewhere` are its words that the chapter also writes without a capital."""

    start: int
    level: int
    text_start: int
    text: str
    line: str
    lower_elsewhere: frozenset[str]


@dataclass(frozen=True)
class Reference:
    """A mention of a chapter by its number, with the words after it and a quoted title before it."""

    start: int
    text: str
    number_text: str
    number: int
    title_before: str
    words_after: tuple[str, ...]
    quoted_after: bool


@dataclass(frozen=True)
class Place:
    """A piece of text and its offset."""

    start: int
    text: str


@dataclass(frozen=True)
class ChapterFacts:
    """All that the rules keep of one chapter. `own_findings` need no other chapter to be judged."""

    number: int
    title: str
    own_findings: tuple[Finding, ...]
    quotation_marks: tuple[Glyph, ...]
    dashes: tuple[Glyph, ...]
    headings: tuple[Heading, ...]
    references: tuple[Reference, ...]
    names: Mapping[str, int]
    name_places: tuple[Place, ...]
    source_names: frozenset[str]
    lower_elsewhere: frozenset[str]
    sentences: tuple[Place, ...]


@dataclass(frozen=True)
class Book:
    """The facts of all chapters, the titles of the book's chapters by number, and names to leave alone.

    `kept_names` are the spellings that the person keeps.
    """

    chapters: tuple[ChapterFacts, ...]
    titles: Mapping[int, str]
    ignored_names: frozenset[str] = frozenset()
    kept_names: tuple[KeptName, ...] = ()
