"""Lists the writers that the start panel offers for a book, and which of them is selected."""

from dataclasses import dataclass

from django.conf import settings

from books.models import Book
from books.writers import writer_of
from workflow.agents.llm import is_model
from workflow.agents.orchestrator import allowed_prefixes, allowed_writers, is_allowed, label_of


@dataclass(frozen=True)
class WriterChoice:
    """The writers by string and label, the selected one, and the one that was typed ("" for none).

    `is_fallback`: the book's own writer is not offered any more, and the default stands in for it.
    """

    book: Book
    writers: tuple[tuple[str, str], ...]
    writer: str
    typed: str
    is_fallback: bool

    @property
    def context(self) -> dict[str, object]:
        """What the panel's template needs to know."""
        own = label_of(self.book.writer) if self.book.writer else ""
        return {
            "writers": self.writers,
            "writer": self.writer,
            "typed_writer": self.typed,
            "prefixes": allowed_prefixes(),
            "offers_models": bool(allowed_prefixes()) or any(is_model(name) for name, _ in self.writers),
            "book_writer": own,
            "lost_writer": own if self.is_fallback else "",
        }


def writer_choice(book: Book, asked: str | None) -> WriterChoice:
    """Return the choice for a book; `asked` is whom the person looks at on the page, None at first."""
    is_fallback = bool(book.writer) and not is_allowed(book.writer)
    default = settings.CHAPTERFLOW_WRITER if is_fallback else writer_of(book)
    chosen = asked or default
    writers = allowed_writers()
    if book.writer and not is_fallback and book.writer not in dict(writers):
        writers.append((book.writer, label_of(book.writer)))
    typed = chosen if chosen not in dict(writers) else ""
    return WriterChoice(book, tuple(writers), default if typed else chosen, typed, is_fallback)
