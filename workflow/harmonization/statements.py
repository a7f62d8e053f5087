"""Sentences that state a number or a date, and pairs of them in two chapters that do not say the same."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from books.text.english import STOP_WORDS
from books.text.sentences import sentence_spans

from .prose import word_set, words_of
from .spans import Spans

MIN_WORDS = 4
LONGEST_SENTENCE = 600
MAX_STATEMENTS_OF_A_WORD = 40
SHARED_WORDS = 2
SHARED_SHARE = 0.5
YEAR = "year"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,]\d+)*")
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_MONTHS = word_set("january february march april may june july august september october november december")
_WRITTEN = words_of("""
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
""")
_MAGNITUDES = word_set("hundred thousand million billion m bn percent per cent")
_IN_DIGITS = [*map(str, range(1, 21)), *map(str, range(30, 100, 10)), "100", "1000"]
NUMBER_WORDS: Mapping[str, str] = dict(zip(_WRITTEN, _IN_DIGITS, strict=True))


@dataclass(frozen=True)
class Statement:
    """A sentence and its numbers, by what they count ("year", "boat"). `words` are those that carry its meaning."""

    chapter: int
    start: int
    text: str
    numbers: Mapping[str, frozenset[str]]
    words: frozenset[str]


@dataclass(frozen=True)
class Conflict:
    """Two statements of different chapters about the same, with different numbers of `unit`; the earlier one first.

    `likeness` is the share of the shorter one's words that both have.
    """

    unit: str
    one: Statement
    other: Statement
    likeness: float


def read_statements(chapter: int, markdown: str, protected: Spans) -> Iterator[Statement]:
    """Yield the statements of a chapter's running text, outside everything protected and headings."""
    for gap_start, gap_end in protected.gaps(len(markdown)):
        at = gap_start
        for line in markdown[gap_start:gap_end].split("\n"):
            if not line.startswith("#"):
                yield from _statements(chapter, markdown, at, at + len(line))
            at += len(line) + 1


def said_in(text: str) -> Iterator[Statement]:
    """Yield the statements of a source."""
    yield from _statements(0, text, 0, len(text))


def _statements(chapter: int, text: str, start: int, end: int) -> Iterator[Statement]:
    for first, last in sentence_spans(text, start, end):
        sentence = text[first:last]
        if last - first > LONGEST_SENTENCE or sentence.count(" ") < MIN_WORDS - 1:
            continue
        numbers = numbers_of(sentence)
        if numbers:
            yield Statement(chapter, first, sentence, numbers, meaning_of(sentence))


def words_in(text: str) -> list[str]:
    """Return the words and numbers of a text, as they are written."""
    return _WORD.findall(text)


def meaning_of(text: str) -> frozenset[str]:
    """Return the words that carry the meaning, in lower case; numbers do not."""
    words = (word.lower().replace("’", "'").removesuffix("'s") for word in words_in(text))
    return frozenset(
        word
        for word in words
        if len(word) > 2 and word not in STOP_WORDS and word not in NUMBER_WORDS and not word[0].isdigit()
    )


def number_of(word: str) -> str | None:
    """Return the number that a word writes, in digits; None where it writes none."""
    if word[0].isdigit():
        return word.replace(",", "")
    return NUMBER_WORDS.get(word.lower())


def numbers_of(sentence: str) -> dict[str, frozenset[str]]:
    """Return the sentence's numbers by what they count: a year, or the word beside them."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    words = words_in(sentence)
    for at, word in enumerate(words):
        number = number_of(word)
        unit = _unit(words, at) if number else ""
        if number and unit:
            found[unit].add(number)
    return {unit: frozenset(numbers) for unit, numbers in found.items()}


def _unit(words: Sequence[str], at: int) -> str:
    if _YEAR.fullmatch(words[at]):
        return YEAR
    before = words[at - 1].lower() if at else ""
    if before in _MONTHS:
        return before
    after = _thing(words, at + 1)
    if after in _MAGNITUDES:
        thing = _thing(words, at + 2)
        return f"{after} {thing}" if thing and thing not in _MAGNITUDES else ""
    return after or (before if len(before) > 2 and before not in STOP_WORDS else "")


def _thing(words: Sequence[str], at: int) -> str:
    """Return the word as what is counted; "" where it is none."""
    word = words[at].lower() if at < len(words) else ""
    is_thing = word and not word[0].isdigit() and word not in STOP_WORDS and word not in NUMBER_WORDS
    return word.removesuffix("s") if is_thing else ""


def find_conflicts(statements: Iterable[Statement]) -> list[Conflict]:
    """Return for each statement the most similar earlier one of another chapter that has other numbers.

    Found by the words that both have; one that more than forty statements have does not count. Linear.
    """
    known = list(statements)
    index = _index(known)
    conflicts = (_best(at, known, index) for at in range(len(known)))
    return [conflict for conflict in conflicts if conflict is not None]


def _index(statements: Sequence[Statement]) -> Mapping[tuple[str, str], list[int]]:
    index: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at, statement in enumerate(statements):
        for unit in statement.numbers:
            for word in statement.words:
                index[unit, word].append(at)
    return {key: places for key, places in index.items() if 1 < len(places) <= MAX_STATEMENTS_OF_A_WORD}


def _best(
    at: int, statements: Sequence[Statement], index: Mapping[tuple[str, str], list[int]]
) -> Conflict | None:
    mine = statements[at]
    found: list[Conflict] = []
    for unit, numbers in sorted(mine.numbers.items()):
        shared = Counter(other for word in mine.words for other in index.get((unit, word), ()) if other < at)
        for other, count in shared.items():
            theirs = statements[other]
            if theirs.chapter == mine.chapter or numbers & theirs.numbers[unit]:
                continue
            likeness = count / min(len(mine.words), len(theirs.words))
            if count >= SHARED_WORDS and likeness >= SHARED_SHARE:
                found.append(Conflict(unit, theirs, mine, likeness))
    return max(found, key=lambda each: (each.likeness, -each.one.chapter, -each.one.start), default=None)
