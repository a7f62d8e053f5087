"""Years and other figures in a chapter that nothing which it rests on says."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from workflow.harmonization.prose import words_of

from .chapter_sources import Sources
from .prose import MeasuredSentence, SentenceKind

_FIGURE = re.compile(r"\d(?<![\w.,:/]\d)[\d.,:/]*(?:st|nd|rd|th|s)?(?![\w-]*\])")
_DIGITS = re.compile(r"\d+(?:[.,:/]\d+)*")
_POINTS_AT_CHAPTERS = re.compile(r"(?i:chapters?|part|volume|note|page)\s+(?:\d+(?:,| and| to|–|-)?\s*)*$")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+$")
_ENDING = re.compile(r"(?:st|nd|rd|th|s)$")
_WORD = re.compile(r"[a-z]+")
_LONGEST_RUN = 8

_ONES = words_of("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
    """)
_TENS = words_of("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = words_of("""
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth
    """)
_VALUES = {
    **{word: value for value, word in enumerate(_ONES)},
    **{word: value for value, word in enumerate(_ORDINALS)},
    **{word: 10 * place for place, word in enumerate(_TENS, start=2)},
    **{f"{word[:-1]}ies": 10 * place for place, word in enumerate(_TENS, start=2)},
    **{f"{word[:-1]}ieth": 10 * place for place, word in enumerate(_TENS, start=2)},
    "oh": 0, "o": 0, "niner": 9, "dozen": 12,
}  # fmt: skip
_SCALES = {"hundred": 100, "hundreds": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_JOINS = {"and", "a"}
_ANY = "|".join(sorted({*_VALUES, *_SCALES}, key=lambda word: (-len(word), word)))
_RUN = re.compile(rf"\b(?:{_ANY})\b(?:[ -]{{1,2}}(?:(?:and|a) )?(?:{_ANY})\b)*")


class KnownNumbers:
    """The figures of a chapter's sources, in digits and in English words ("nineteen forty-seven" is 1947)."""

    def __init__(self, sources: Sources) -> None:
        self._text = f"{sources.text}\n{sources.around}"

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset({*_spelled(self._text), *_in_words(self._text.lower())})

    def unknown_in(self, sentence: MeasuredSentence) -> Iterator[str]:
        """Yield the figures of a sentence that are not known, as they stand there."""
        if sentence.kind is not SentenceKind.TOLD:
            return
        for match in _FIGURE.finditer(sentence.text):
            if not _POINTS_AT_CHAPTERS.search(sentence.text, max(0, match.start() - 60), match.start()):
                figure = match[0].rstrip(".,:/")
                if not self._is_known(figure):
                    yield figure

    def _is_known(self, figure: str) -> bool:
        plain = _plain(_ENDING.sub("", figure))
        if plain in self._known or all(part in self._known for part in re.split(r"[.,:/]", plain)):
            return True
        if len(plain) == 4 and plain.isdigit():
            # "In 1947" where the record says "in '47"; a decade where it names a year of it.
            return plain[2:] in self._known or (figure.endswith("s") and self._has_decade(plain[:3]))
        return False

    def _has_decade(self, start: str) -> bool:
        return any(len(each) == 4 and each.startswith(start) for each in self._known)


def _plain(figure: str) -> str:
    """Return a figure without what groups its thousands and without zeros before it."""
    plain = figure.replace(",", "") if _GROUPED.match(figure) else figure
    return plain.lstrip("0") or "0"


def _spelled(text: str) -> Iterator[str]:
    for match in _DIGITS.finditer(text):
        yield _plain(match[0])
        for part in re.split(r"[.,:/]", match[0]):
            yield part
            yield _plain(part)


def _in_words(text: str) -> Iterator[str]:
    """Yield what each run of number words, and each part of it, may mean."""
    for run in _runs(text):
        for start in range(len(run)):
            for end in range(start + 1, min(len(run), start + _LONGEST_RUN) + 1):
                yield from _meanings(run[start:end])


def _runs(text: str) -> Iterator[list[str]]:
    for match in _RUN.finditer(text):
        yield [word for word in _WORD.findall(match[0]) if word not in _JOINS]


def _meanings(words: list[str]) -> Iterator[str]:
    """Yield the words as one number, as digits in a row, and as a year said in pairs."""
    yield str(_cardinal(words))
    values = [_VALUES[word] for word in words if word in _VALUES]
    if len(values) == len(words):
        yield "".join(map(str, _pairs(values)))
        yield "".join(map(str, values))


def _pairs(values: Iterable[int]) -> Iterator[int]:
    """Join tens with the ones behind them: nineteen, forty, seven are 19 and 47."""
    tens = 0
    for value in values:
        if tens and value < 10:
            yield tens + value
            tens = 0
            continue
        if tens:
            yield tens
        tens = value if value >= 20 and value % 10 == 0 else 0
        if not tens:
            yield value
    if tens:
        yield tens


def _cardinal(words: Iterable[str]) -> int:
    total = current = 0
    for word in words:
        if word not in _SCALES:
            current += _VALUES[word]
        elif _SCALES[word] == 100:
            current = max(1, current) * 100
        else:
            total += max(1, current) * _SCALES[word]
            current = 0
    return total + current
