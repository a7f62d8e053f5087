"""Which writer a book has. Which there are is for the process to say: it registers its check here."""

from collections.abc import Callable, Mapping

from django.conf import settings

from .models import Book

_checks: list[Callable[[str], str]] = []


def register_check(check: Callable[[str], str]) -> None:
    """Let `check` be asked before a book gets a writer; it returns the writer, or raises Invalid."""
    if check not in _checks:
        _checks.append(check)


def checked_writer(writer: str) -> str:
    """Return a writer that may be stored with a book; "" leaves it to the installation. Raises Invalid."""
    for check in _checks if writer else ():
        writer = check(writer)
    return writer


def writer_of(book: Book, asked: str | None = None) -> str:
    """Return who writes: whom the start asks for, or else the book's writer, or else the installation's default."""
    return asked or book.writer or settings.CHAPTERFLOW_WRITER


def asked_writer(given: Mapping[str, str]) -> str:
    """Return the writer that a form of the outline's page asks for: the typed one, else the chosen, "" for none."""
    return given.get("writer_name", "").strip() or given.get("writer", "")
