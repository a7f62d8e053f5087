"""Dashes between words: one way of writing them, as in most of the book."""

import re
from collections.abc import Iterator

from workflow.harmonization.facts import BookFacts, ChapterText, Glyph
from workflow.harmonization.prose import word_set
from workflow.harmonization.types import Finding, Rule

from .majority import count_styles, majority, style_evidence, where

RULE = Rule(
    "dashes",
    "Dashes are the same",
    "Dashes between words are all written as in most of the book. Ranges of numbers are left alone.",
    True,
    "info",
)

_STYLES = {"spaced en dash": " – ", "em dash": "—", "spaced em dash": " — ", "spaced hyphen": " - "}
_DOUBLE = "double hyphen"
_NAMES = {text: name for name, text in _STYLES.items()} | {"--": _DOUBLE, " -- ": _DOUBLE}
_DASH = re.compile(r"(?<=[^\s|—–-])( – | — | - | -- |—|--)(?=[^\s|—–-])")
_LAST_TOKEN = re.compile(r"\S+$")
_FIRST_TOKEN = re.compile(r"\S+")
_BULLET = re.compile(r"(?:[-*+]|\d{1,3}[.)]|[>#|]+)$")
_ROMAN = re.compile(r"[IVXLC]+")
_PUNCTUATION = ".,;:!?()[]\"'“”‘’*_"
_CALENDAR = word_set("""
    jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august
    september october november december mon tue wed thu fri sat sun monday tuesday wednesday thursday friday
    saturday sunday am pm noon midnight
""")


def read(text: ChapterText) -> tuple[Glyph, ...]:
    """Collect the dashes between words outside protected spans; ranges, formulas and tables are no dashes."""
    return tuple(_read(text))


def _read(text: ChapterText) -> Iterator[Glyph]:
    for match in _DASH.finditer(text.markdown):
        start, end = match.span()
        if not text.is_free(start, end) or not _is_dash(text.markdown, start, end):
            continue
        style = _NAMES[match.group()]
        others = {name: written for name, written in _STYLES.items() if name != style}
        yield Glyph(start, match.group(), "dash", style, others)


def _is_dash(markdown: str, start: int, end: int) -> bool:
    line_start = markdown.rfind("\n", 0, start) + 1
    left_match = _LAST_TOKEN.search(markdown, max(line_start, start - 60), start)
    right_match = _FIRST_TOKEN.match(markdown, end)
    if not left_match or not right_match or markdown[line_start:start].lstrip().startswith("|"):
        return False
    left, right = left_match.group(), right_match.group()
    bullet = _BULLET.fullmatch(left) and not markdown[line_start : left_match.start()].strip()
    return not bullet and not _is_range(left.strip(_PUNCTUATION), right.strip(_PUNCTUATION))


def _is_range(left: str, right: str) -> bool:
    """Say whether the dash joins two ends ("1914 – 1918", "9 am - 5 pm", "May – June", "A - B")."""
    if not left or not right:
        return False
    calendar = left.lower() in _CALENDAR
    if right[0].isdigit() or (right[0] in "$€£" and right[1:2].isdigit()):
        return left[-1].isdigit() or left[0].isdigit() or calendar
    if len(left) == 1 and len(right) == 1 and left not in "Ia":
        return True
    romans = _ROMAN.fullmatch(left) and _ROMAN.fullmatch(right)
    return bool(romans) or (calendar and right.lower() in _CALENDAR)


def _plural(style: str) -> str:
    return f"{style}es".capitalize() if style.endswith("dash") else f"{style}s".capitalize()


def find(book: BookFacts[tuple[Glyph, ...]]) -> Iterator[Finding]:
    """Yield an automatic finding for each dash that is not in the book's majority style."""
    counts = count_styles([[glyph.style for glyph in chapter.facts] for chapter in book.chapters])
    style = majority(counts, _STYLES)
    if style is None or len(counts) < 2:
        return
    evidence = {"style": style, "counts": style_evidence(counts)}
    for chapter in book.chapters:
        for glyph in chapter.facts:
            if glyph.style == style:
                continue
            yield Finding(
                chapter=chapter.number,
                rule=RULE.key,
                find=glyph.text,
                replace=glyph.others[style],
                start=glyph.start,
                end=glyph.start + len(glyph.text),
                reason=f"{_plural(style)} stand in {where(counts[style])}, "
                f"{_plural(glyph.style).lower()} like this one in {where(counts[glyph.style])}.",
                severity="info",
                evidence=evidence,
                automatic=True,
            )
