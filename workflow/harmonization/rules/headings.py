"""Headings inside a chapter: level, closing punctuation and capitals."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from books.storyline.values.titles import plain_title
from workflow.harmonization.facts import BookFacts, ChapterFacts, ChapterText
from workflow.harmonization.prose import word_set
from workflow.harmonization.types import Finding, Rule, Severity

RULE = Rule(
    "headings",
    "Headings look the same",
    "Headings get the right level, no full stop at their end, and the capitals that most of them have.",
    True,
    "minor",
)

TOP_LEVEL = 2
CLEAR_MAJORITY = 0.75
ENOUGH_HEADINGS = 4
_HEADING = re.compile(r"^(#{1,6})([ \t]+)([^\n]*?)([ \t]*)(?:(?<=[ \t])#+[ \t]*)?$\n*", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LOWER_WORD = re.compile(r"(?<![\w'’-])[a-zà-öø-ÿ]+(?:['’][a-z]+)*")
_CLOSING = re.compile(r"(?<=[^\W_]|[)”\"’'])[.:;,]+$")
_ABBREVIATED = re.compile(r"\b(?:[A-Z]|Mrs?|Ms|Dr|St|Jr|Sr|Inc|Ltd|Co|Corp|etc|No|vs|\w(?:\.\w)+)\.$")
_SMALL_WORDS = word_set("""
    a an the and but or nor for so yet as at by in of off on per to up via with from into onto over than
""")


@dataclass(frozen=True)
class Heading:
    """A `#` heading. `lower_elsewhere` are its words that the chapter also writes without a capital."""

    start: int
    level: int
    text_start: int
    text: str
    line: str
    lower_elsewhere: frozenset[str]


Headings = tuple[Heading, ...]


def read(text: ChapterText) -> Headings:
    """Collect the headings outside protected spans."""
    found = [m for m in _HEADING.finditer(text.markdown) if m[3] and text.is_free(m.start(), m.end(3))]
    wanted = {w.lower() for m in found for w in _WORD.findall(m[3])}
    lower = frozenset(wanted.intersection(_LOWER_WORD.findall(text.markdown))) if wanted else frozenset()
    return tuple(
        Heading(m.start(), len(m[1]), m.start(3), m[3], m.group(), lower & _words_of(m[3])) for m in found
    )


def _words_of(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


@dataclass(frozen=True)
class _Edit:
    start: int
    find: str
    replace: str
    reason: str
    severity: Severity = "minor"
    automatic: bool = True


def find(book: BookFacts[Headings]) -> Iterator[Finding]:
    """Yield findings for levels always, for closing punctuation and capitals where most headings agree."""
    headings = [heading for chapter in book.chapters for heading in chapter.facts]
    plain_share = sum(not _closing(h) for h in headings) / max(1, len(headings))
    case = _majority_case(headings)
    for chapter in book.chapters:
        edits = list(_levels(chapter))
        if plain_share > 0.5:
            edits += _closings(chapter)
        if case:
            edits += _capitals(chapter, case)
        yield from (_finding(chapter.number, edit) for edit in edits)


def _finding(chapter: int, edit: _Edit) -> Finding:
    return Finding(
        chapter=chapter,
        rule=RULE.key,
        find=edit.find,
        replace=edit.replace,
        start=edit.start,
        end=edit.start + len(edit.find),
        reason=edit.reason,
        severity=edit.severity,
        evidence={},
        automatic=edit.automatic,
    )


def _levels(chapter: ChapterFacts[Headings]) -> Iterator[_Edit]:
    """Drop a first heading that repeats the title; put the others where their nesting says, from level 2."""
    headings = list(chapter.facts)
    if headings and _repeats_title(headings[0], chapter.title):
        first = headings.pop(0)
        yield _Edit(first.start, first.line, "", "The chapter's title already stands above the text.")
    nesting: list[int] = []
    for heading in headings:
        while nesting and nesting[-1] >= heading.level:
            nesting.pop()
        nesting.append(heading.level)
        level = len(nesting) - 1 + TOP_LEVEL
        if level != heading.level and level <= 6:
            reason = f"Headings in a chapter start at level {TOP_LEVEL} and go down one level at a time."
            yield _Edit(heading.start, "#" * heading.level, "#" * level, reason)


def _repeats_title(heading: Heading, title: str) -> bool:
    return heading.start == 0 and bool(title.strip()) and _key(heading.text) == _key(title)


def _key(text: str) -> str:
    words = re.findall(r"\w+(?:['’]\w+)*", plain_title(text.strip()))
    return " ".join(word.lower().replace("’", "'") for word in words)


def _closing(heading: Heading) -> str:
    match = _CLOSING.search(heading.text)
    if not match or _ABBREVIATED.search(heading.text) or match.group().startswith(".."):
        return ""
    return match.group()


def _closings(chapter: ChapterFacts[Headings]) -> Iterator[_Edit]:
    for heading in chapter.facts:
        closing = _closing(heading)
        if closing:
            at = heading.text_start + len(heading.text) - len(closing)
            yield _Edit(at, closing, "", f"Most headings of the book do not end with “{closing}”.")


def _majority_case(headings: Sequence[Heading]) -> str | None:
    cases = [case for case in map(_case, headings) if case]
    for case in ("title", "sentence"):
        if len(cases) >= ENOUGH_HEADINGS and cases.count(case) >= CLEAR_MAJORITY * len(cases):
            return case
    return None


def _later_words(heading: Heading) -> list[re.Match[str]]:
    """Return the words after the first that show a style: neither small words nor names nor acronyms."""
    words = list(_WORD.finditer(heading.text))[1:]
    return [
        word
        for word in words
        if word.group().lower() not in _SMALL_WORDS
        and not any(letter.isupper() for letter in word.group()[1:])
        and (word.group()[0].islower() or word.group().lower() in heading.lower_elsewhere)
        and heading.text[word.start() - 1] not in "'’-"
    ]


def _case(heading: Heading) -> str | None:
    """Return "title", "sentence", or None where the heading does not show it."""
    words = _later_words(heading)
    if not words:
        return None
    capitals = sum(word.group()[0].isupper() for word in words)
    if capitals == len(words):
        return "title"
    return "sentence" if capitals == 0 else None


def _capitals(chapter: ChapterFacts[Headings], case: str) -> Iterator[_Edit]:
    """Give headings of the other style the book's. Only words that are known to be common lose a capital."""
    reason = (
        "Most headings of the book have capitals in all their main words."
        if case == "title"
        else "Most headings of the book have a capital at their start and in names only."
    )
    for heading in chapter.facts:
        if _repeats_title(heading, chapter.title) or _case(heading) in (None, case):
            continue
        text = heading.text
        for word in _later_words(heading):
            letter = text[word.start()]
            letter = letter.upper() if case == "title" else letter.lower()
            text = text[: word.start()] + letter + text[word.start() + 1 :]
        yield _Edit(heading.text_start, heading.text, text, reason, severity="info")
