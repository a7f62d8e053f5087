"""Where a chapter's words come from: citation marks, quotes and their places in chapter Markdown.

A chapter is Markdown. A paragraph cites with `[chunk-id]` (`citation_mark` writes one). A quote is the
source's own words, verbatim as `books.text.verbatim` understands it, written with `escape_markdown`; between
two citation marks the quotes stand either as the whole text after an optional `**Speaker:**` label, with ` … `
where something was left out, or inside quotation marks of any language. An ellipsis that the source itself has
inside a quote is part of that quote.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise

from .verbatim import Quotation, find_verbatim

OMISSION = "…"

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINE_START = re.compile(r"^([^\S\n]*)(\d+)([.)])|^([^\S\n]*)([-+=])", re.MULTILINE)
# Looking back only behind a first character that fits is many times as fast as at each place of the text.
# The group is not possessive: before Python 3.11.5 such a one goes on behind a line break that it did not match.
_PARAGRAPH = re.compile(r"\S[^\n]*+(?:\n(?![^\S\n]*\n)[^\n]*+)*")
_MARK = re.compile(r"\[(?<!\\\[)((?:[^\[\]\n\\]|\\[\[\]\\]){1,200})\](?!\()")
_MARK_SPECIAL = re.compile(r"([\[\]\\])")
_MARK_ESCAPED = re.compile(r"\\([\[\]\\])")
_LABEL = re.compile(r"^\s*\*\*((?:[^*\\]|\\.)+):\*\*\s*")
_WORD = re.compile(r"\w")
# Beyond these the rest is one piece: nobody quotes so.
_MOST_OMISSIONS = 1_000
# What a quotation has instead of words of its source: an ellipsis, also in brackets, or words of the writer's own.
_GAP = re.compile(r"\\?\[[^\[\]\n]{0,60}\]|…|\.{3,}|\. \. \.")
_STRAIGHT = re.compile('"')
# One pattern for each family of marks; an apostrophe does not end a quotation.
_QUOTED = tuple(
    re.compile(pattern)
    for pattern in (
        r"“([^“”]+)”",
        r"[„‟”]([^„“”‟\"]+)[“”\"]",
        r"«([^«»]+)»",
        r"»([^«»]+)[«»]",
        r"‹([^‹›]+)›",
        r"›([^‹›]+)[‹›]",
        r"「([^「」]+)」",
        r"『([^『』]+)』",
        r"《([^《》]+)》",
        r"〈([^〈〉]+)〉",
        r"〝([^〝〞〟]+)[〞〟]",
        r"(?<!\w)‘((?:[^‘’\n]|’(?=\w)){1,1000})’(?!\w)",
        r"‚([^‚‘’\n]+)[‘’]",
        r"(?<!\w)'((?:[^'\n]|'(?=\w)){1,1000})'(?!\w)",
    )
)


@dataclass(frozen=True)
class Passage:
    """One citation. `start` and `end` are offsets of the quote in the Markdown (equal where quote is "").

    `quote` is as the chunk has it, which may differ in typography.
    """

    paragraph: int
    chunk_id: str
    quote: str
    start: int
    end: int


def escape_markdown(text: str) -> str:
    """Return `text` (one paragraph) as Markdown that renders as exactly these characters.

    White space at the ends of lines is not kept by Markdown; a NUL renders as U+FFFD.
    """
    escaped = _SPECIAL.sub(r"\\\1", text)
    return _LINE_START.sub(lambda m: f"{m[1]}{m[2]}\\{m[3]}" if m[2] else f"{m[4]}\\{m[5]}", escaped)


def unescape_markdown(text: str) -> str:
    """Undo `escape_markdown`, and any other backslash escape of CommonMark."""
    return _ESCAPED.sub(r"\1", text)


def citation_mark(chunk_id: str) -> str:
    """Return the mark that cites `chunk_id`; "" where none can (empty, a line break, over 200 characters)."""
    mark = f"[{_MARK_SPECIAL.sub(_escape_one, chunk_id)}]"
    return mark if _MARK.fullmatch(mark) else ""


def citation_marks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, cited id) of every citation mark, whether a chunk has that id or not."""
    for mark in _MARK.finditer(text):
        yield mark.start(), mark.end(), _MARK_ESCAPED.sub(r"\1", mark[1])


def split_label(text: str) -> tuple[str, int]:
    """Return the speaker that a paragraph's label names ("" without one), and the offset of its text."""
    label = _LABEL.match(text)
    return (unescape_markdown(label[1]), label.end()) if label else ("", 0)


def paragraphs(markdown: str) -> Iterator[tuple[int, int, str]]:
    """Yield (index, offset, text) of each block between blank lines, headings included."""
    for index, match in enumerate(_PARAGRAPH.finditer(markdown)):
        yield index, match.start(), match.group()


def cited_ids(markdown: str) -> list[str]:
    """Return every id that is cited, in order, once each, whether a chunk has it or not."""
    return list(dict.fromkeys(chunk_id for _, _, chunk_id in citation_marks(markdown)))


def find_passages(markdown: str, chunks: Mapping[str, str]) -> list[Passage]:
    """Find every citation of a known chunk, with the quotes that stand verbatim in that chunk's text.

    `chunks` maps an id to the chunk's text. A cited stretch without a verbatim quote gives one Passage
    with an empty quote: the paragraph rests on the chunk, in other words than the chunk's.
    """
    found: list[Passage] = []
    for index, offset, text in paragraphs(markdown):
        for start, end, mark_start, chunk_id in _cited_stretches(text, chunks):
            spans = _quotes_in(text[start:end], chunks[chunk_id])
            base = offset + start
            found += [Passage(index, chunk_id, quote, base + a, base + b) for a, b, quote in spans]
            if not spans:
                found.append(Passage(index, chunk_id, "", offset + mark_start, offset + mark_start))
    return found


def _cited_stretches(text: str, chunks: Mapping[str, str]) -> Iterator[tuple[int, int, int, str]]:
    """Yield (start and end of the stretch, start of its mark, id); marks in a row share the stretch before them.

    What is bracketed but names no chunk ("[sic]") is part of the stretch.
    """
    stretch, last_end = (0, 0), 0
    for mark_start, mark_end, chunk_id in citation_marks(text):
        if chunk_id in chunks:
            if not last_end or _WORD.search(text, last_end, mark_start):
                stretch = (last_end, mark_start)
            yield *stretch, mark_start, chunk_id
            last_end = mark_end


def find_quotes(text: str, start: int, end: int, chunk_text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, the chunk's words) of the pieces of text[start:end]; none where it is not verbatim.

    An ellipsis between two pieces is no omission where the chunk has both pieces with that ellipsis.
    """
    for spans, quotation in (_unsplit(text, start, end), _split_at_gaps(text, start, end)):
        if found := find_verbatim(quotation, chunk_text):
            return [
                (spans[each.first][0], spans[each.last][1], chunk_text[each.start : each.end])
                for each in found
            ]
    return []


def _quotes_in(stretch: str, chunk_text: str) -> list[tuple[int, int, str]]:
    """Return the quotes of a cited stretch: all of it, or else what stands between quotation marks."""
    _, body_start = split_label(stretch)
    whole = find_quotes(stretch, body_start, len(stretch), chunk_text)
    if whole:
        return whole
    found: list[tuple[int, int, str]] = []
    for start, end in between_marks(stretch):
        if not any(a < end and start < b for a, b, _ in found):
            found += find_quotes(stretch, start, end, chunk_text)
    return sorted(found)


def between_marks(text: str) -> list[tuple[int, int]]:
    """Return what stands between quotation marks of any family; inner quotations come after outer ones."""
    spans = {match.span(1) for pattern in _QUOTED for match in pattern.finditer(text)}
    straight = [match.start() for match in _STRAIGHT.finditer(text)]
    # Of an odd number of straight marks, any two may be a pair.
    step = 2 if len(straight) % 2 == 0 else 1
    spans.update((a + 1, b) for a, b in list(pairwise(straight))[::step] if b > a + 1)
    return sorted(spans, key=lambda span: (span[0] - span[1], span))


def _unsplit(text: str, start: int, end: int) -> tuple[list[tuple[int, int]], Quotation]:
    raw = text[start:end]
    said = raw.strip()
    left = start + len(raw) - len(raw.lstrip())
    return [(left, left + len(said))], Quotation((unescape_markdown(said),) if said else (), ("", ""))


def _split_at_gaps(text: str, start: int, end: int) -> tuple[list[tuple[int, int]], Quotation]:
    """Split text[start:end] into the pieces between its gaps, without white space around them."""
    spans: list[tuple[int, int]] = []
    gaps = [""]
    at = start
    for gap in [*islice(_GAP.finditer(text, start, end), _MOST_OMISSIONS), None]:
        raw = text[at : gap.start() if gap else end]
        left = at + len(raw) - len(raw.lstrip())
        right = at + len(raw.rstrip())
        if right > left:
            spans.append((left, right))
            gaps.append("")
        if gap:
            gaps[-1] += unescape_markdown(gap[0])
            at = gap.end()
    return spans, Quotation(tuple(unescape_markdown(text[a:b]) for a, b in spans), tuple(gaps))


def _escape_one(match: re.Match[str]) -> str:
    return f"\\{match[1]}"
