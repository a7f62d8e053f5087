"""A book as one Markdown document: the chapters in order, citation marks as footnotes."""

import re
from collections.abc import Iterator
from typing import IO

from books.reading import SAFE_LINK, SourceView
from books.text.citations import citation_marks, escape_markdown

from .manuscript import Manuscript, WrittenChapter, one_line

CHAPTER_LEVEL = 2

_HEADING = re.compile(r"^[ ]{0,3}(#{1,6})(?=[ \t])", re.MULTILINE)
_FIRST_HEADING = re.compile(r"\A\s*#{1,6}[ \t]+(.+?)[ \t#]*(?:\n|\Z)")
# Whoever renders the file must neither fetch pictures ("!" before a bracket), nor run HTML (a bare "<" that opens no
# address), nor be led by a link to anything but an address of the web or of mail ("]" before what makes a link of it).
_ACTIVE = re.compile(
    rf"!(?=\[)|(?P<kept>\\.|{SAFE_LINK})|(?P<mark><(?!https?://|mailto:)|\](?=[(\[:]))", re.DOTALL
)


def markdown_file(manuscript: Manuscript, target: IO[bytes]) -> None:
    """Write the whole book as one UTF-8 document, a chapter at a time."""
    target.write("\n\n".join(_opening(manuscript)).encode())
    for written in manuscript.chapters():
        target.write("".join(f"\n\n{block}" for block in _chapter(written)).encode())
    target.write(b"\n")


def _opening(manuscript: Manuscript) -> Iterator[str]:
    book = manuscript.book
    yield f"# {_escaped(book.title)}"
    if book.subtitle.strip():
        yield f"*{_escaped(book.subtitle)}*"
    if book.author.strip():
        yield f"By {_escaped(book.author)}"
    yield manuscript.imprint


def _chapter(written: WrittenChapter) -> Iterator[str]:
    yield f"{'#' * CHAPTER_LEVEL} {written.number}\\. {_escaped(written.title)}"
    sources = written.sources
    yield _text(written, {source.chunk_id: source for source in sources}).strip()
    notes = [f"{_footnote(written, source)}: {_escaped(source.place)}" for source in sources]
    if notes:
        yield "\n".join(notes)


def _text(written: WrittenChapter, sources: dict[str, SourceView]) -> str:
    markdown = _without_title(written.revision.markdown, written.title)
    parts: list[str] = []
    at = 0
    for start, end, chunk_id in citation_marks(markdown):
        if chunk_id in sources:
            parts += [_safe(markdown[at:start]).rstrip(" "), _footnote(written, sources[chunk_id])]
            at = end
    return "".join([*parts, _safe(markdown[at:])])


def _footnote(written: WrittenChapter, source: SourceView) -> str:
    return f"[^{written.number}-{source.number}]"


def _without_title(markdown: str, title: str) -> str:
    heading = _FIRST_HEADING.match(markdown)
    repeats = heading is not None and one_line(heading[1]).casefold() == title.casefold()
    return markdown[heading.end() :] if heading and repeats else markdown


def _safe(markdown: str) -> str:
    below = _HEADING.sub(lambda match: "#" * min(6, max(CHAPTER_LEVEL + 1, len(match[1]) + 1)), markdown)
    return _ACTIVE.sub(lambda match: match["kept"] or (f"\\{match['mark']}" if match["mark"] else ""), below)


def _escaped(text: str) -> str:
    return escape_markdown(one_line(text))
