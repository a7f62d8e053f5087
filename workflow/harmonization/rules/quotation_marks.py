"""Quotation marks and apostrophes: curly or straight, as in most of the book."""

import re
from collections.abc import Iterator

from books.text.citations import paragraphs
from workflow.harmonization.facts import BookFacts, ChapterText, Glyph
from workflow.harmonization.types import Finding, Rule

from .majority import count_styles, majority, style_evidence, where

RULE = Rule(
    "quotation_marks",
    "Quotation marks are the same",
    "Quotation marks and apostrophes are all curly or all straight, as in most of the book.",
    True,
    "info",
)

_MARK = re.compile(r"[\"“”'‘’]")
_OTHER_SYSTEM = re.compile(r"[„«»‚]")
_OPENING_CONTEXT = frozenset("([{—–-/ \t\n")
_EMPHASIS = frozenset("*_")
_ELISION = re.compile(r"(?:em|tis|twas|twere|cause|til|till|n|bout|round|\d\ds?)\b", re.IGNORECASE)
_KINDS = {"double": "quotation marks", "single": "apostrophes"}
_STYLES = ("curly", "straight")


def read(text: ChapterText) -> tuple[Glyph, ...]:
    """Collect the marks outside protected spans whose other form is certain."""
    return tuple(_read(text))


def _read(text: ChapterText) -> Iterator[Glyph]:
    for _, offset, paragraph in paragraphs(text.markdown):
        if _OTHER_SYSTEM.search(paragraph):
            continue
        places = [m.start() for m in _MARK.finditer(paragraph)]
        free = [at for at in places if text.is_free(offset + at, offset + at + 1)]
        straight = [at for at in free if paragraph[at] == '"']
        curly_of_straight = _paired(paragraph, straight)
        for at in free:
            glyph = _glyph(paragraph, at, offset, curly_of_straight)
            if glyph:
                yield glyph


def _glyph(paragraph: str, at: int, offset: int, curly_of_straight: dict[int, str]) -> Glyph | None:
    char = paragraph[at]
    kind = "double" if char in '"“”' else "single"
    if char in "“”‘’":
        straight = '"' if kind == "double" else "'"
        return Glyph(offset + at, char, kind, "curly", {"straight": straight})
    curly = curly_of_straight.get(at) if kind == "double" else _curly_single(paragraph, at)
    return Glyph(offset + at, char, kind, "straight", {"curly": curly}) if curly else None


def _paired(paragraph: str, places: list[int]) -> dict[int, str]:
    """Map straight double marks to curly ones; empty unless they open and close in turn (inches do not)."""
    curly = {at: "“" if _opens(paragraph, at) else "”" for at in places}
    in_turn = all(mark == "“”"[index % 2] for index, mark in enumerate(curly.values()))
    return curly if in_turn and len(places) % 2 == 0 else {}


def _opens(paragraph: str, at: int) -> bool:
    before = paragraph[at - 1] if at else " "
    after = paragraph[at + 1] if at + 1 < len(paragraph) else " "
    if before in _EMPHASIS or before in "'‘\"":
        return not after.isspace() and (after.isalnum() or after in _EMPHASIS)
    return before in _OPENING_CONTEXT and not after.isspace()


def _curly_single(paragraph: str, at: int) -> str | None:
    before = paragraph[at - 1] if at else " "
    after = paragraph[at + 1] if at + 1 < len(paragraph) else " "
    if before.isdigit() and not after.isalpha():
        return None
    if before.isalnum() or before in ".,!?…":
        return "’"
    if not after.isalnum():
        return None
    if _ELISION.match(paragraph, at + 1):
        return "’"
    closed = re.search(r"\w[.,!?…]?'(?!\w)", paragraph[at + 1 :])
    return "‘" if closed and before in '([{—– \t\n"“' else None


def find(book: BookFacts[tuple[Glyph, ...]]) -> Iterator[Finding]:
    """Yield an automatic finding for each mark that is not in the book's majority style."""
    for kind, noun in _KINDS.items():
        by_chapter = [[g.style for g in c.facts if g.kind == kind] for c in book.chapters]
        counts = count_styles(by_chapter)
        style = majority(counts, _STYLES)
        if style is None or len(counts) < 2:
            continue
        other = next(name for name in counts if name != style)
        reason = (
            f"{style.title()} {noun} stand in {where(counts[style])}, {other} ones in {where(counts[other])}."
        )
        evidence = {"kind": kind, "style": style, "counts": style_evidence(counts)}
        for chapter in book.chapters:
            for glyph in chapter.facts:
                if glyph.kind == kind and glyph.style != style:
                    yield Finding(
                        chapter=chapter.number,
                        rule=RULE.key,
                        find=glyph.text,
                        replace=glyph.others[style],
                        start=glyph.start,
                        end=glyph.start + len(glyph.text),
                        reason=reason,
                        severity="info",
                        evidence=evidence,
                        automatic=True,
                    )
