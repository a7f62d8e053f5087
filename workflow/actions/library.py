"""What is done to whole books that may have sessions."""

from django.contrib.auth.models import AbstractBaseUser

from books.models import Book
from chapterflow_site.core import crash_points
from workflow.contract.states import UNFINISHED
from workflow.models import ProcessingSession

from .sessions import cancel_session


def delete_book(book: Book, *, actor: AbstractBaseUser | None) -> None:
    """Delete the book with everything that belongs to it; a running session is cancelled first."""
    for session in ProcessingSession.objects.filter(version__book=book, status__in=UNFINISHED):
        cancel_session(session, actor=actor)
    with crash_points.named_commit("delete_book"):
        # Sessions first, as everywhere: a worker that is about to store waits for this instead of crossing it.
        list(ProcessingSession.objects.select_for_update().filter(version__book=book).values_list("pk"))
        # Then the book, before its chapters: who edits its preferences locks them in this order, too.
        list(Book.objects.select_for_update().filter(pk=book.pk).values_list("pk"))
        book.delete()
