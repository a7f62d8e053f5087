"""A chapter's Markdown as its metrics read it: sentences with their places, words, and what each sentence is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from books.text.citations import citation_marks, find_quotes, paragraphs, split_label
from books.text.sentences import sentence_spans
from workflow.agents.quotations.frame import is_frame_paragraph
from workflow.agents.quotations.words import split_words

from .chapter_sources import Sources

_NO_PROSE = re.compile(r"[ ]{0,3}(?:#{1,6}(?:\s|$)|```|~~~|\|)|[-*_=\s]+$")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")
_LEAD = re.compile(r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?")
_ITALICS = re.compile(r"\s*(?:\*(?!\*)[^*]+\*|_(?!_)[^_]+_)\s*$")
_HIDDEN = re.compile(r"\]\([^()\s]{0,2000}\)|https?://[^\s)>\]]+|<[a-zA-Z/!][^<>\n]{0,500}>")
_OMISSION = re.compile(r"…|\.\.\.|\[[^\[\]\n]{0,60}\]")
# The fewest words in a row that prove a quotation: "in the year" stands in any text.
SHORTEST_QUOTE = 4
# About forty thousand words: what lies beyond is not measured.
MOST_SENTENCES = 2_000


class SentenceKind(StrEnum):
    """What a sentence is: the sources' own words, the frame around them (no claim), or told in the writer's words."""

    VERBATIM = "verbatim"
    FRAME = "frame"
    TOLD = "told"


@dataclass(frozen=True)
class MeasuredSentence:
    """markdown[start:end] in the paragraph of that number; `text` is the same with marks and addresses blanked."""

    paragraph: int
    start: int
    end: int
    text: str
    words: tuple[str, ...]
    kind: SentenceKind


@dataclass(frozen=True)
class Prose:
    """What a chapter tells: headings, tables and code are left out, and so are the writer's counting sentences."""

    sentences: tuple[MeasuredSentence, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of all sentences but the frame's, in order."""
        return tuple(
            word for each in self.sentences if each.kind is not SentenceKind.FRAME for word in each.words
        )

    @cached_property
    def paragraphs(self) -> dict[int, list[MeasuredSentence]]:
        """The sentences by their paragraph."""
        found: dict[int, list[MeasuredSentence]] = {}
        for sentence in self.sentences:
            found.setdefault(sentence.paragraph, []).append(sentence)
        return found


def read_prose(markdown: str, sources: Sources) -> Prose:
    """Read the first 2,000 sentences of a chapter."""
    known = {chunk.id for chunk in sources.chunks}
    sentences: list[MeasuredSentence] = []
    for number, offset, paragraph in paragraphs(markdown):
        if _NO_PROSE.match(paragraph):
            continue
        is_frame = _is_frame(paragraph)
        blank = _blanked(paragraph, known)
        for start, end in _spans(paragraph, blank):
            text = blank[start:end]
            words = tuple(split_words(text.replace("_", " ")))
            if words:
                kind = SentenceKind.FRAME if is_frame else _kind(text, words, sources)
                sentences.append(MeasuredSentence(number, offset + start, offset + end, text, words, kind))
        if len(sentences) >= MOST_SENTENCES:
            break
    return Prose(tuple(sentences[:MOST_SENTENCES]))


def words_told(markdown: str) -> list[str]:
    """Return the words of a chapter whose sources are not at hand: every mark is a citation."""
    words: list[str] = []
    for _, _, paragraph in paragraphs(markdown):
        if not (_NO_PROSE.match(paragraph) or _is_frame(paragraph)):
            _, label = split_label(paragraph)
            words += split_words(_blanked(paragraph, None)[label:].replace("_", " "))
    return words


def _is_frame(paragraph: str) -> bool:
    return bool(_ITALICS.match(paragraph)) or is_frame_paragraph(paragraph)


def _blanked(paragraph: str, known: set[str] | None) -> str:
    """Put spaces in the place of citation marks and addresses, so that every other character stays where it is."""
    parts: list[str] = []
    at = 0
    for start, end, chunk_id in citation_marks(paragraph):
        if known is None or chunk_id in known:
            parts += [paragraph[at:start], " " * (end - start)]
            at = end
    return _HIDDEN.sub(lambda match: " " * len(match[0]), "".join([*parts, paragraph[at:]]))


def _spans(paragraph: str, blank: str) -> Iterator[tuple[int, int]]:
    for start, end in _units(paragraph):
        _, label = split_label(paragraph[start:end])
        lead = _LEAD.match(blank, start + label, end)
        yield from sentence_spans(blank, lead.end() if lead else start + label, end)


def _units(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield the items of a list one by one; any other paragraph is one unit."""
    starts = [0]
    at = paragraph.find("\n")
    while at >= 0:
        if _ITEM.match(paragraph, at + 1):
            starts.append(at + 1)
        at = paragraph.find("\n", at + 1)
    yield from zip(starts, [*starts[1:], len(paragraph)], strict=True)


def _kind(text: str, words: tuple[str, ...], sources: Sources) -> SentenceKind:
    """Tell the sources' own words, with omissions, from any other; a scrap of few words proves nothing."""
    pieces = [f" {' '.join(words)} "]
    if len(words) >= SHORTEST_QUOTE and ("_" in text or _OMISSION.search(text)):
        pieces = [f" {piece} " for part in _OMISSION.split(text) if (piece := " ".join(split_words(part)))]
    is_quoted = any(
        all(piece in said for piece in pieces)
        and (len(pieces) == 1 or find_quotes(text, 0, len(text), chunk.text))
        for said, chunk in zip(sources.said, sources.chunks, strict=True)
    )
    return SentenceKind.VERBATIM if is_quoted else SentenceKind.TOLD
