"""Sentences of spoken text: how much of them can be quoted whole, and how well each could stand in a book."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from books.text.english import DANGLING_ENDS, FILLERS, HESITATIONS, LEANING_STARTS, NUMBER_WORDS
from books.text.sentences import SENTENCE_ENDS, sentence_spans
from books.text.words import count_words

from .turns import Line
from .words import WORD, split_words, terms_of

_CLOSERS = "\"”’'»)\\]」』）"
_CLOSED = re.compile(rf"[{SENTENCE_ENDS}:;][{_CLOSERS}]*$")
_QUESTION = re.compile(rf"[?？؟][{_CLOSERS}]*$")
_ASIDE = re.compile(r"[(\[（][^()\[\]]*[)\]）][.!?]?$")
_OUTER = re.compile(r"[\s…\-–—]+(?=\w)|[\s…]+")
_INAUDIBLE = re.compile(r"\.\.\.|- -")
_SOFT_CUT = re.compile(r"[;:,—–，、；：]\s*|\s-\s")
_SPACE = re.compile(r"\s+")
_PROCEDURE = re.compile(
    r"\b(?:ha(?:ve|s|d) the floor|honou?rable (?:member|minister|deputy)[^,;]{0,50}[.]?$|next,? we have|questions? from"
    r"|questions? (?:is|are|was|were) from|had a supplementary|thank you|go ahead|moving? on\b|over to you"
    r"|now go to|go now to|stand by|microphone|point of order|your time is up|we will now|excuse me)",
    re.IGNORECASE,
)
_LONG_CHARACTERS = 320
_CUT_CHARACTERS = 200
_CHARACTERS_PER_WORD = 12
# A whole sentence of plain words ("We had nothing at all.") belongs to a short record, and answers no question.
_FEWEST_PLAIN_WORDS = 4
_PLAIN_QUALITY = 0.15


@dataclass(frozen=True, slots=True)
class Sentence:
    """text[start:end] of a chunk. `quality` is 0 (noise) to 1.

    `cut_before` and `cut_after` say that it is a part of a sentence too long to quote whole.
    """

    line: int
    chunk: int
    start: int
    end: int
    text: str
    speaker: str
    words: int
    terms: tuple[str, ...]
    quality: float
    cut_before: bool
    cut_after: bool

    @property
    def has_words(self) -> bool:
        """Whether there is anything to read aloud."""
        return bool(WORD.search(self.text))

    @property
    def is_question(self) -> bool:
        """Whether the sentence ends in a question mark."""
        return bool(_QUESTION.search(self.text))

    @property
    def begins_inside(self) -> bool:
        """Whether it begins in lower case: the speaker's sentence began on an earlier line."""
        return self.text[0].islower()

    @property
    def goes_on(self) -> bool:
        """Whether it stops without a mark: the speaker was interrupted."""
        return not _CLOSED.search(self.text)

    @property
    def leans(self) -> bool:
        """Whether it says little without the sentence before it."""
        first = WORD.search(self.text)
        return self.cut_before or (first is not None and first.group().lower() in LEANING_STARTS)


def find_sentences(lines: Sequence[Line], texts: Sequence[str]) -> list[Sentence]:
    """Return the sentences of every line, in order. `texts` are the chunks' texts."""
    return [
        _sentence(number, line, text, *span)
        for number, line in enumerate(lines)
        for text in (texts[line.chunk],)
        for span in _spans(text, line.start, line.end)
    ]


def _sentence(
    number: int, line: Line, text: str, start: int, end: int, cut_before: bool, cut_after: bool
) -> Sentence:
    said = text[start:end]
    words = split_words(said)
    terms = tuple(terms_of(words))
    size = max(1, count_words(said), len(said) // _CHARACTERS_PER_WORD)
    quality = _quality(said, words, terms, size)
    return Sentence(
        number, line.chunk, start, end, said, line.speaker, size, terms, quality, cut_before, cut_after
    )


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool, bool]]:
    """Yield (start, end, cut before, cut after), without white space and ellipses at either end."""
    for left, right in sentence_spans(text, start, end):
        cuts = list(_cut_long(text, left, right))
        for index, (a, b) in enumerate(cuts):
            first, last = _trimmed(text, a, b)
            if last > first:
                yield first, last, index > 0, index + 1 < len(cuts)


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a stretch without full stops: at a comma, else at a space, else (one endless word) anywhere."""
    while end - start > _LONG_CHARACTERS:
        cut = _cut_place(text, start)
        yield start, cut
        start = cut
    yield start, end


def _cut_place(text: str, start: int) -> int:
    for pattern in (_SOFT_CUT, _SPACE):
        found = pattern.search(text, start + _CUT_CHARACTERS, start + _LONG_CHARACTERS)
        if found:
            return found.end()
    return start + _CUT_CHARACTERS


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    lead = _OUTER.match(text, start, end)
    start = lead.end() if lead else start
    while end > start and (text[end - 1] == "…" or text[end - 1].isspace()):
        end -= 1
    return start, end


def _quality(said: str, words: list[str], terms: tuple[str, ...], size: int) -> float:
    if not words or _is_noise(said, words, terms, size):
        return 0.0
    if not terms:
        return _PLAIN_QUALITY
    quality = 0.35 if size < 5 else 0.75 if size < 8 else 1.0
    if words[0] in LEANING_STARTS:
        quality *= 0.85
    if said[0].islower():
        quality *= 0.8
    if _INAUDIBLE.search(said):
        quality *= 0.5
    if _PROCEDURE.search(said):
        quality *= 0.25
    if not _CLOSED.search(said):
        quality *= 0.4 if words[-1] in DANGLING_ENDS else 0.7
    stammers = sum(map(_is_stammer, words, ["", *words]))
    return quality * max(0.3, 1 - 3 * stammers / len(words))


def _is_stammer(word: str, before: str) -> bool:
    return word in HESITATIONS or word == before or (len(word) == 1 and word.isascii() and word not in "ai")


def _is_noise(said: str, words: list[str], terms: tuple[str, ...], size: int) -> bool:
    """Fillers, scraps, asides in brackets and figures read aloud."""
    if size < 3 or (not terms and size < _FEWEST_PLAIN_WORDS) or _ASIDE.match(said):
        return True
    if size < 4 and len(set(terms)) < 2:
        return True
    figures = sum(word in NUMBER_WORDS or word[0].isdigit() for word in words)
    return figures > 0.4 * len(words) or sum(word in FILLERS for word in words) > 0.6 * len(words)
