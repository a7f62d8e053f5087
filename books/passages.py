"""Where a chapter's words come from: citation marks, quotes and their places in chapter Markdown.

A chapter is Markdown. A paragraph cites with `[chunk-id]` (`citation_mark` writes one). A quote is the
source's own words, written with `escape_markdown`; between two citation marks the quotes stand either as
the whole text after an optional `**Speaker:**` label, with ` … ` where something was left out, or inside
double quotation marks. An ellipsis that the source itself has inside a quote is part of that quote.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

OMISSION = "…"

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_LINE_START = re.compile(r"^([^\S\n]*)(\d+)([.)])|^([^\S\n]*)([-+=])", re.MULTILINE)
# Looking back only behind a first character that fits is many times as fast as at each place of the text.
_PARAGRAPH = re.compile(r"\S[^\n]*+(?:\n(?![^\S\n]*\n)[^\n]*+)*+")
_MARK = re.compile(r"\[(?<!\\\[)((?:[^\[\]\n\\]|\\[\[\]\\]){1,200})\](?!\()")
_MARK_SPECIAL = re.compile(r"([\[\]\\])")
_MARK_ESCAPED = re.compile(r"\\([\[\]\\])")
_LABEL = re.compile(r"^\s*\*\*((?:[^*\\]|\\.)+):\*\*\s*")
_WORD = re.compile(r"\w")
# Beyond these the rest is one piece: nobody quotes so, and each piece is looked for in the whole chunk.
_MOST_OMISSIONS = 1_000
_QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"")


@dataclass(frozen=True)
class Passage:
    """One citation. `start` and `end` are offsets of the quote in the Markdown (equal where quote is "")."""

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
            spans = list(_quotes_in(text[start:end], chunks[chunk_id]))
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


def split_quotes(
    text: str, start: int, chunk_text: str, end: int | None = None
) -> list[tuple[int, int, str]]:
    """Split text[start:end] at its omissions into (start, end, unescaped piece), the longest that the chunk has.

    An ellipsis between two pieces is no omission where the chunk has both pieces with that ellipsis.
    """
    pieces: list[tuple[int, int, str]] = []
    at = -1
    for left, right in _between_omissions(text, start, len(text) if end is None else end):
        if at >= 0:
            first, last_right, last = pieces[-1]
            more = unescape_markdown(text[last_right:right])
            # Mostly it goes on where it stands: no need to look through the whole chunk again.
            goes_on = chunk_text.startswith(more, at + len(last))
            longer_at = at if goes_on else chunk_text.find(last + more, at + 1)
            if longer_at >= 0:
                pieces[-1], at = (first, right, last + more), longer_at
                continue
        piece = unescape_markdown(text[left:right])
        pieces.append((left, right, piece))
        at = chunk_text.find(piece)
    return pieces


def _quotes_in(stretch: str, chunk_text: str) -> Iterator[tuple[int, int, str]]:
    _, body_start = split_label(stretch)
    pieces = split_quotes(stretch, body_start, chunk_text)
    if pieces and all(quote in chunk_text for _, _, quote in pieces):
        yield from pieces
        return
    for match in _QUOTED.finditer(stretch):
        group = 1 if match[1] is not None else 2
        for start, end, quote in split_quotes(stretch, match.start(group), chunk_text, match.end(group)):
            if quote in chunk_text:
                yield start, end, quote


def _between_omissions(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for raw in text[start:end].split(OMISSION, _MOST_OMISSIONS):
        left = at + len(raw) - len(raw.lstrip())
        right = at + len(raw.rstrip())
        if right > left:
            yield left, right
        at += len(raw) + len(OMISSION)


def _escape_one(match: re.Match[str]) -> str:
    return f"\\{match[1]}"
