"""The formats that a book can be exported and downloaded in. A new one is a function and a line here."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db import connection
from django.http import FileResponse

from books.models import BookVersion
from books.text.words import MARKS
from chapterflow_site.core.exceptions import Conflict, NotFound

from .epub import epub_file
from .jsonfile import json_file
from .manuscript import Manuscript, manuscript_of
from .markdownfile import markdown_file

LONGEST_NAME = 80
_MOST_BYTES = 200
# What is larger is kept on the disk while it is handed out, under no name.
_IN_MEMORY = 1_000_000
_NO_LETTERS = re.compile(rf"[^\w{MARKS}\s-]")
_GAPS = re.compile(r"[-\s]+")


@dataclass(frozen=True)
class ExportFile:
    """A file to hand out, to be closed after. `name` keeps the title's own letters, and is safe on any system."""

    name: str
    content_type: str
    content: IO[bytes]


@dataclass(frozen=True)
class Format:
    """A kind of file. `key` is its name in addresses and the file's ending; `write` needs no more memory for more."""

    key: str
    label: str
    content_type: str
    write: Callable[[Manuscript, IO[bytes]], None]


FORMATS: dict[str, Format] = {
    known.key: known
    for known in (
        Format("epub", "EPUB, for e-readers", "application/epub+zip", epub_file),
        Format("md", "Markdown, plain text", "text/markdown; charset=utf-8", markdown_file),
        Format("json", "JSON, with every source", "application/json", json_file),
    )
}


def export_book(version: BookVersion, format: str) -> ExportFile:
    """Return the written chapters of `version` as a file.

    Raises NotFound for an unknown format, Conflict while no chapter is written.
    """
    known = FORMATS.get(format)
    if known is None:
        choice = ", ".join(FORMATS)
        raise NotFound(
            "unknown_format", f"A book cannot be exported as “{format[:40]}”. Choose one of: {choice}."
        )
    manuscript = manuscript_of(version)
    if not manuscript.entries:
        raise Conflict("nothing_written", "No chapter is written yet, so there is nothing to export.")
    with ExitStack() as undone:
        content = undone.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))
        known.write(manuscript, content)
        content.seek(0)
        undone.pop_all()
    return ExportFile(_file_name(version, known.key), known.content_type, content)


def _file_name(version: BookVersion, ending: str) -> str:
    stem = _stem(version.book.title) or version.book.book_id
    return f"{stem}-{version.name}.{ending}"


def _stem(title: str) -> str:
    """Return a title as a name of a file: letters of any script, and no more of them than every file system takes."""
    plain = _NO_LETTERS.sub("", unicodedata.normalize("NFC", title.lower()))
    stem = _GAPS.sub("-", plain)[:LONGEST_NAME]
    return stem.encode()[:_MOST_BYTES].decode(errors="ignore").strip("-_")


def download(file: ExportFile) -> FileResponse:
    """Return the answer with the file, which is closed at its end."""
    # Nothing is read any more; whoever takes the file slowly would keep a connection, with its cache.
    if not connection.in_atomic_block:
        connection.close()
    return FileResponse(file.content, as_attachment=True, filename=file.name, content_type=file.content_type)
