"""Starting a list of nodes in one step: uploaded as the book's next version and started, or found running."""

from django.contrib.auth.models import User

from books.actions import add_storyline
from books.models import Book
from books.storyline import StorylineDocument
from books.storyline.values.digest import storyline_digest
from chapterflow_site.core import crash_points
from workflow.contract.states import UNFINISHED
from workflow.models import ProcessingSession

from .sessions import start_session


def start_nodes(book: Book, document: StorylineDocument, *, actor: User) -> tuple[ProcessingSession, bool]:
    """Start `document` as the book's next version. Returns its session and whether it was made now.

    The unfinished session of the same storyline is returned instead, where there is one. The book's row is
    locked meanwhile, so that of two equal requests one finds the other's session.
    """
    digest = storyline_digest(document)
    with crash_points.named_commit("start_nodes"):
        Book.objects.select_for_update().get(pk=book.pk)
        same = ProcessingSession.objects.filter(
            version__book=book, version__storyline_digest=digest, status__in=UNFINISHED
        )
        existing = same.order_by("-created_at").first()
        if existing is not None:
            return existing, False
        return start_session(add_storyline(book, document, actor=actor), actor=actor)
