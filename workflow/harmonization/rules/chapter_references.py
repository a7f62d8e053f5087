"""Mentions of other chapters: a number that the title contradicts, or that the book does not have."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workflow.harmonization.facts import BookFacts, ChapterText
from workflow.harmonization.prose import words_of
from workflow.harmonization.types import Finding, Rule

RULE = Rule(
    "chapter_references",
    "Chapter numbers are right",
    "Where a chapter is named with its title, its number is made to fit. "
    "A number that the book does not have is pointed out.",
    True,
    "major",
)

_UNITS = words_of("""
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
""")
_WORD_NUMBERS = {word: number for number, word in enumerate(_UNITS, start=1)}
_ROMANS = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_IN_WORDS = "|".join((*_UNITS, *(unit.title() for unit in _UNITS)))
_REFERENCE = re.compile(rf"\b([Cc]hapter)([ \u00a0]+)(\d{{1,4}}|[IVXLC]+|{_IN_WORDS})\b(?![.,]\d)")
_ELSEWHERE = re.compile(
    r"\s*(?:of (?!(?:this|the|our|my) (?:book|story)\b)\w|in (?:his|her|their|the) \w+"
    r"|(?:bankruptcy|filing|protection|proceedings|petition|trustee|verse|debtor|case)\b)",
    re.IGNORECASE,
)
_ANOTHER_BOOK = re.compile(
    r"(?:Act|Bill|Bible|Code|Treaty|Charter|Genesis|Exodus|Psalms|Quran|\w[’']s),?\s*$"
)
_TITLE_BEFORE = re.compile(r"[“\"*_‘]([^“”\"*_\n]{3,120}?),?[”\"*_’]+\s*[,(]?\s*(?:in |see )?$")
_TITLE_OPENS = re.compile(r"[\s,:(–—-]*([“\"*_‘]?)")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_WORDS_AFTER = 16


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


def read(text: ChapterText) -> tuple[Reference, ...]:
    """Collect "Chapter 7", "chapter seven", "Chapter VII" outside protected spans and headings."""
    return tuple(_read(text))


def _read(text: ChapterText) -> Iterator[Reference]:
    for match in _REFERENCE.finditer(text.markdown):
        number = _number(match[3])
        line_start = text.markdown.rfind("\n", 0, match.start()) + 1
        heading = text.markdown.startswith("#", line_start)
        if number is None or heading or not text.is_free(*match.span()):
            continue
        before = text.markdown[max(line_start, match.start() - 140) : match.start()]
        after = text.markdown[match.end() : match.end() + 200].partition("\n\n")[0]
        if _ELSEWHERE.match(after) or _ANOTHER_BOOK.search(before):
            continue
        yield _reference(match, number, before, after)


def _reference(match: re.Match[str], number: int, before: str, after: str) -> Reference:
    title = _TITLE_BEFORE.search(before)
    opening = _TITLE_OPENS.match(after)
    words = tuple(_WORD.findall(after.lower().replace("’", "'"))[:_WORDS_AFTER])
    return Reference(
        start=match.start(),
        text=match.group(),
        number_text=match[3],
        number=number,
        title_before=_key(title[1]) if title else "",
        words_after=words,
        quoted_after=bool(opening and opening[1]),
    )


def _number(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    if text.lower() in _WORD_NUMBERS:
        return _WORD_NUMBERS[text.lower()]
    value, rest = 0, text
    for worth, letters in _ROMANS:
        while rest.startswith(letters):
            value, rest = value + worth, rest.removeprefix(letters)
    return value if not rest and _roman(value) == text else None


def _roman(number: int) -> str:
    letters = ""
    for worth, symbol in _ROMANS:
        letters += symbol * (number // worth)
        number %= worth
    return letters


def _written_like(number: int, sample: str) -> str:
    """Write a number as the sample is written: digits, a word or a Roman numeral."""
    if sample.isdigit() or (sample.lower() in _WORD_NUMBERS and number > len(_UNITS)):
        return str(number)
    if sample.lower() not in _WORD_NUMBERS:
        return _roman(number)
    word = _UNITS[number - 1]
    return word.title() if sample[0].isupper() else word


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.lower().replace("’", "'")))


def find(book: BookFacts[tuple[Reference, ...]]) -> Iterator[Finding]:
    """Yield corrections where a title says which chapter is meant; point out numbers that do not exist."""
    by_title = _chapters_by_title(book.titles)
    by_first_word: defaultdict[str, list[str]] = defaultdict(list)
    for title in by_title:
        by_first_word[title.split()[0]].append(title)
    for chapter in book.chapters:
        for reference in chapter.facts:
            meant = _meant(reference, by_title, by_first_word)
            if meant is not None and reference.number not in meant:
                yield _correction(chapter.number, reference, meant, book.titles)
            elif meant is None and book.titles and not 1 <= reference.number <= max(book.titles):
                yield _missing(chapter.number, reference, len(book.titles))


def _chapters_by_title(titles: Mapping[int, str]) -> dict[str, list[int]]:
    by_title: defaultdict[str, list[int]] = defaultdict(list)
    for number, title in sorted(titles.items()):
        if _key(title):
            by_title[_key(title)].append(number)
    return dict(by_title)


def _meant(
    reference: Reference, by_title: Mapping[str, list[int]], by_first_word: Mapping[str, list[str]]
) -> list[int] | None:
    """Return the chapters whose title stands beside the number, or None. One-word titles must be quoted."""
    if reference.title_before in by_title:
        return by_title[reference.title_before]
    after = " ".join(reference.words_after) + " "
    candidates = by_first_word.get(reference.words_after[0], []) if reference.words_after else []
    fitting = [t for t in candidates if after.startswith(t + " ") and (" " in t or reference.quoted_after)]
    return by_title[max(fitting, key=len)] if fitting else None


def _correction(chapter: int, reference: Reference, meant: list[int], titles: Mapping[int, str]) -> Finding:
    title = titles[meant[0]]
    if len(meant) > 1:
        listed = ", ".join(str(number) for number in meant[:5])
        return _finding(chapter, reference, None, f"“{title}” is the title of chapters {listed}.", meant)
    head = reference.text.removesuffix(reference.number_text)
    replace = head + _written_like(meant[0], reference.number_text)
    return _finding(chapter, reference, replace, f"“{title}” is chapter {meant[0]}.", meant)


def _missing(chapter: int, reference: Reference, count: int) -> Finding:
    chapters = "one chapter" if count == 1 else f"{count} chapters"
    return _finding(chapter, reference, None, f"The book has {chapters}.", [])


def _finding(
    chapter: int, reference: Reference, replace: str | None, reason: str, meant: list[int]
) -> Finding:
    return Finding(
        chapter=chapter,
        rule=RULE.key,
        find=reference.text,
        replace=replace,
        start=reference.start,
        end=reference.start + len(reference.text),
        reason=reason,
        severity="major",
        evidence={"named": reference.number, "meant": meant},
        automatic=replace is not None,
    )
