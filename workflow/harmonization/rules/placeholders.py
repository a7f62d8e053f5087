"""Text that nobody was meant to read: notes to oneself, filler, a language model's remarks on itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from books.text.citations import cited_ids, paragraphs
from books.text.sentences import sentence_spans
from workflow.harmonization.facts import ChapterText
from workflow.harmonization.types import Finding, Rule

RULE = Rule(
    "placeholders",
    "Nothing unfinished is left in",
    "Notes such as “TODO” or “[insert date]” and remarks of a language model about itself are taken out. "
    "Where that would break a sentence, it is only pointed out.",
    True,
    "major",
)

_BRACKETED = re.compile(
    r"\[(?:(?:insert|add|fill in|todo|tbd|tbc|tk|fixme|placeholder|your"
    r"|to be (?:added|completed|written|confirmed))\b[^\[\]\n]{0,200}"
    r"|(?:date|name|place|year|citation needed))\](?!\()",
    re.IGNORECASE,
)
_PARENTHESIZED = re.compile(r"\((?:TODO|TBD|TBC|FIXME|TK)\b[^()\n]{0,200}\)")
_NOTE = re.compile(r"[*_]{0,3}(?:TODO|FIXME|TBD|TBC|XXX)[*_]{0,3}(?::|\s*[-–—]\s|[.!]?$)")
# Among other words in capitals it is one of them: "todo" is Spanish and Portuguese for "everything".
_MARKER = re.compile(
    r"(?<![\w-])(?<![A-ZÀ-Þ]{2} )(?:TODO|FIXME|TBD|TBC)(?![\w-])(?!\s+(?:lists?\b|[A-ZÀ-Þ]{2}))"
)
_LOREM = re.compile(r"[*_]{0,3}Lorem ipsum\b", re.IGNORECASE)
_LATIN = re.compile(
    r"\b(?:dolor|amet|consectetur|adipiscing|eiusmod|tempor|incididunt|labore|magna|aliqua|veniam|nostrud|ullamco"
    r"|laboris|aliquip|commodo|consequat|aute|irure|reprehenderit|voluptate|cillum|fugiat|nulla|pariatur|excepteur"
    r"|occaecat|cupidatat|proident|officia|deserunt|mollit)\b",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"(?:(?:I['’]m sorry|I apologi[sz]e|Sorry),? but )?[Aa]s an? (?:large )?(?:AI|language)(?: language)?"
    r" (?:model|assistant|system)\b.*\b(?:I|my)\b"
    r"|I(?: am|['’]m) (?:just |only )?an? (?:AI|large) language model\b",
    re.DOTALL,
)
_SELF = re.compile(r"\b(?:AI|language) (?:language )?(?:model|assistant|system)\b")
_PREAMBLE = re.compile(
    r"(?:(?:Certainly|Sure|Of course|Absolutely)[!,.]\s*)?(?:Here(?:['’]s| is) (?:the|a|your) "
    r"(?:\w+ ){0,3}?(?:chapter|draft|text|version)\b[^\n]{0,120}:"
    r"|(?:Certainly|Sure|Of course|Absolutely)[!.]"
    r"|(?:Gerne[!,.] )?Hier ist (?:das|dein|Ihr|der) (?:\w+ ){0,2}?(?:Kapitel|Text|Entwurf)\b[^\n]{0,120}:"
    r"|Voici (?:le|votre|un) (?:\w+ ){0,2}?(?:chapitre|texte)\b[^\n]{0,120}:"
    r"|Aquí (?:está|tienes|tiene) (?:el|un|tu|su) (?:\w+ ){0,2}?(?:capítulo|texto)\b[^\n]{0,120}:"
    r"|Aqui está (?:o|um|seu) (?:\w+ ){0,2}?(?:capítulo|texto)\b[^\n]{0,120}:"
    r"|Ecco (?:il|un) (?:\w+ ){0,2}?(?:capitolo|testo)\b[^\n]{0,120}:"
    r"|(?:以下|这)是[^\n]{0,20}章[^\n]{0,40}[：:])\s*$"
)
_FAREWELL = re.compile(
    r"(?:I hope this (?:helps|chapter helps|meets your)"
    r"|Let me know if you(?:['’]d like|['’]d prefer| would like| need| want)"
    r"|(?:Please )?feel free to (?:ask|let me know|request))"
)
_BRACKET = re.compile(r"[\[(\])\n]")
_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])")


@dataclass(frozen=True)
class _Leftover:
    start: int
    end: int
    what: str


def read(text: ChapterText) -> tuple[Finding, ...]:
    """Return automatic removals of whole sentences and notes, and look-only findings inside sentences."""
    return tuple(_read(text))


def _read(text: ChapterText) -> Iterator[Finding]:
    blocks = list(paragraphs(text.markdown))
    for index, offset, paragraph in blocks:
        # A narrator's words rest on a passage, a model's words about its answer on none.
        is_own = not cited_ids(paragraph)
        edge = (is_own and index == 0, is_own and index == len(blocks) - 1)
        whole = list(_sentences(paragraph, edge))
        inner = [x for x in _inside(paragraph) if not any(w.start <= x.start < w.end for w in whole)]
        for leftover in _merged(paragraph, whole):
            yield from _removal(text, offset, paragraph, leftover)
        for leftover in inner:
            if _stands_alone(paragraph, leftover):
                yield from _removal(text, offset, paragraph, leftover)
            else:
                yield from _pointer(text, offset, leftover)


def _sentences(paragraph: str, edge: tuple[bool, bool]) -> Iterator[_Leftover]:
    """Yield whole sentences that are leftovers; offsets are within the paragraph."""
    filler = False
    for start, end in _lines_and_sentences(paragraph):
        sentence = paragraph[start:end]
        filler = bool(_LOREM.match(sentence)) or (filler and len(_LATIN.findall(sentence)) >= 2)
        if _NOTE.match(sentence):
            line_end = paragraph.find("\n", start)
            yield _Leftover(
                start, len(paragraph) if line_end < 0 else line_end, "a note of something still to do"
            )
        elif filler:
            yield _Leftover(start, end, "filler text")
        elif _is_model_talk(sentence, edge):
            yield _Leftover(start, end, "a remark of the language model, not of the book")


def _lines_and_sentences(paragraph: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in paragraph.split("\n"):
        lead = re.match(r"\s*(?:[-*+]\s+|\d{1,3}[.)]\s+|#+\s+)?", line)
        yield from sentence_spans(paragraph, at + (lead.end() if lead else 0), at + len(line))
        at += len(line) + 1


def _is_model_talk(sentence: str, edge: tuple[bool, bool]) -> bool:
    if _MODEL.match(sentence) and _SELF.search(sentence):
        return True
    first, last = edge
    return bool((first and _PREAMBLE.match(sentence)) or (last and _FAREWELL.match(sentence)))


def _inside(paragraph: str) -> Iterator[_Leftover]:
    """Yield leftovers that may stand in the middle of a sentence."""
    for pattern in (_BRACKETED, _PARENTHESIZED):
        for match in pattern.finditer(paragraph):
            yield _Leftover(*match.span(), "a gap that was never filled")
    at, inside_bracket = 0, False
    for match in _MARKER.finditer(paragraph):
        for bracket in _BRACKET.finditer(paragraph, at, match.start()):
            inside_bracket = bracket[0] in "[("
        at = match.start()
        if not inside_bracket:
            yield _Leftover(*match.span(), "a gap that was never filled")


def _merged(paragraph: str, leftovers: list[_Leftover]) -> Iterator[_Leftover]:
    """Join leftovers that only white space parts, so that one removal takes them all."""
    joined: list[_Leftover] = []
    for leftover in leftovers:
        if joined and leftover.start < joined[-1].end:
            continue
        if joined and not paragraph[joined[-1].end : leftover.start].strip():
            joined[-1] = _Leftover(joined[-1].start, leftover.end, joined[-1].what)
        else:
            joined.append(leftover)
    yield from joined


def _stands_alone(paragraph: str, leftover: _Leftover) -> bool:
    """Say whether nothing but whole sentences (or nothing) stands on both sides in its line."""
    if paragraph[leftover.start] not in "[(":
        return False
    before = paragraph[: leftover.start].rpartition("\n")[2].rstrip()
    after = paragraph[leftover.end :].partition("\n")[0].lstrip()
    starts_clean = (
        not before or before[-1] in '.!?…”"]' or bool(re.fullmatch(r"\s*[-*+]|\s*\d{1,3}[.)]", before))
    )
    return starts_clean and (not after or after[0].isupper() or after[0] in '“"[*')


def _removal(text: ChapterText, offset: int, paragraph: str, leftover: _Leftover) -> Iterator[Finding]:
    """Yield the removal with the white space around it; only a look where it would touch a quotation."""
    start, end = _tidy(text.markdown, offset, paragraph, leftover)
    kept = paragraph[: leftover.start] + paragraph[leftover.end :]
    only_marks = kept.strip() and not re.search(r"\w", re.sub(r"\[[^\[\]\n]*\]", "", kept))
    if only_marks or not text.is_free(start, end):
        yield from _pointer(text, offset, leftover)
        return
    yield _finding(text, start, end, "", leftover.what)


def _tidy(markdown: str, offset: int, paragraph: str, leftover: _Leftover) -> tuple[int, int]:
    """Widen a removal: to its whole line with the bullet, its paragraph with the blank line, or a space."""
    line_start = paragraph.rfind("\n", 0, leftover.start) + 1
    line_end = paragraph.find("\n", leftover.end)
    line_end = len(paragraph) if line_end < 0 else line_end
    rest = paragraph[line_start : leftover.start] + paragraph[leftover.end : line_end]
    if rest.strip().strip("-*+#0123456789.)("):
        return _with_one_space(markdown, offset + leftover.start, offset + leftover.end, offset + line_start)
    start, end = offset + line_start, offset + line_end
    while end < len(markdown) and markdown[end].isspace():
        end += 1
    if end == len(markdown) or paragraph[line_end:].strip():
        end = offset + line_end
    if end == offset + line_end:
        while start and markdown[start - 1].isspace():
            start -= 1
    return start, end


def _with_one_space(markdown: str, start: int, end: int, line_start: int) -> tuple[int, int]:
    if start > line_start and markdown[start - 1] == " ":
        return start - 1, end
    while end < len(markdown) and markdown[end] == " ":
        end += 1
    return start, end


def _pointer(text: ChapterText, offset: int, leftover: _Leftover) -> Iterator[Finding]:
    start, end = offset + leftover.start, offset + leftover.end
    if text.is_free(start, end):
        yield _finding(text, start, end, None, leftover.what)


def _finding(text: ChapterText, start: int, end: int, replace: str | None, what: str) -> Finding:
    return Finding(
        chapter=text.number,
        rule=RULE.key,
        find=text.markdown[start:end],
        replace=replace,
        start=start,
        end=end,
        reason=f"This is {what}." if replace is not None else f"This looks like {what}.",
        severity="major",
        evidence={},
        automatic=replace is not None,
    )
