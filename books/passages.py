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
_LINE_START = re.compile(r"^(\s*)(\d+)([.)])|^(\s*)([-+=])", re.MULTILINE)
_PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?![^\S\n]*\n))*")
_MARK = re.compile(r"(?<!\\)\[((?:[^\[\]\n\\]|\\[\[\]\\]){1,200})\](?!\()")
_MARK_SPECIAL = re.compile(r"([\[\]\\])")
_MARK_ESCAPED = re.compile(r"\\([\[\]\\])")
_LABEL = re.compile(r"^\s*\*\*((?:[^*\\]|\\.)+):\*\*\s*")
_QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"")
_OMITTED = re.compile(r"\s*…\s*")


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
    """Return the mark that cites `chunk_id`; "" where no mark can (empty, a line break, over 200 characters)."""
    mark = f"[{_MARK_SPECIAL.sub(_escape_one, chunk_id)}]"
    return mark if _MARK.fullmatch(mark) else ""


def citation_marks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, cited id) of every citation mark, whether a chunk has that id or not."""
    for mark in _MARK.finditer(text):
        yield mark.start(), mark.end(), _MARK_ESCAPED.sub(r"\1", mark[1])


def split_label(text: str) -> tuple[str, int]:
    """Return the speaker that a paragraph's `**Speaker:**` label names ("" without one) and where its text begins."""
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
        stretch_start = 0
        for mark_start, mark_end, chunk_id in citation_marks(text):
            chunk_text = chunks.get(chunk_id)
            if chunk_text is None:
                continue
            stretch = text[stretch_start:mark_start]
            spans = list(_quotes_in(stretch, chunk_text))
            base = offset + stretch_start
            if spans:
                found += [Passage(index, chunk_id, quote, base + a, base + b) for a, b, quote in spans]
            else:
                at = offset + mark_start
                found.append(Passage(index, chunk_id, "", at, at))
            if stretch.strip():
                stretch_start = mark_end
    return found


def split_quotes(text: str, start: int, chunk_text: str) -> list[tuple[int, int, str]]:
    """Split text[start:] at its omissions into (start, end, unescaped piece), the longest that the chunk has.

    An ellipsis between two pieces is no omission where the chunk has both pieces with that ellipsis.
    """
    pieces: list[tuple[int, int, str]] = []
    for left, right in _between_omissions(text, start):
        piece = unescape_markdown(text[left:right])
        if pieces and pieces[-1][2] in chunk_text:
            joined = unescape_markdown(text[pieces[-1][0] : right])
            if joined in chunk_text:
                pieces[-1] = (pieces[-1][0], right, joined)
                continue
        pieces.append((left, right, piece))
    return pieces


def _quotes_in(stretch: str, chunk_text: str) -> Iterator[tuple[int, int, str]]:
    _, body_start = split_label(stretch)
    pieces = split_quotes(stretch, body_start, chunk_text)
    if pieces and all(quote in chunk_text for _, _, quote in pieces):
        yield from pieces
        return
    for match in _QUOTED.finditer(stretch):
        group = 1 if match[1] is not None else 2
        for start, end, quote in split_quotes(stretch[: match.end(group)], match.start(group), chunk_text):
            if quote in chunk_text:
                yield start, end, quote


def _between_omissions(text: str, start: int) -> Iterator[tuple[int, int]]:
    bounds = [start]
    for gap in _OMITTED.finditer(text, start):
        bounds += [gap.start(), gap.end()]
    bounds.append(len(text))
    for a, b in zip(bounds[::2], bounds[1::2], strict=True):
        raw = text[a:b]
        left = a + len(raw) - len(raw.lstrip())
        right = a + len(raw.rstrip())
        if right > left:
            yield left, right


def _escape_one(match: re.Match[str]) -> str:
    return f"\\{match[1]}"
