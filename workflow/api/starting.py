"""Starting: a version by its name, or a list of nodes as a new version."""

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from ninja import Status

from books.actions import add_storyline
from books.api.lookup import version_of
from books.digest import storyline_digest
from books.models import Book
from books.storyline import StorylineDocument
from chapterflow_site.api_auth import person_asking
from chapterflow_site.api_types import BookId, VersionName, problems
from workflow import schemas
from workflow.actions import start_session
from workflow.models import ProcessingSession
from workflow.states import UNFINISHED

from .router import router


@router.post(
    "/books/{book_id}/versions/{version}/start",
    response={202: schemas.SessionStarted, 200: schemas.SessionStarted},
    operation_id="start_version",
    summary="Start writing a version",
    openapi_extra=problems(404, 409, 422),
)
def started(
    request: HttpRequest,
    book_id: BookId,
    version: VersionName,
    options: schemas.StartOptions | None = None,
) -> Status[schemas.SessionStarted]:
    """Start the version; 202. Starting it twice is one session: 200 and `created: false`.

    A cancelled session goes on. With other options than it was started with: 409.
    """
    asked = options or schemas.StartOptions()
    session, created = start_session(
        version_of(request, book_id, version),
        actor=person_asking(request),
        writer=asked.writer,
        dependencies=asked.dependencies,
        on_failure=asked.on_failure,
        idempotency_key=asked.idempotency_key or "",
    )
    answer = schemas.SessionStarted(session_id=str(session.pk), created=created)
    return Status(202 if created else 200, answer)


def start_nodes(book: Book, document: StorylineDocument, *, actor: User) -> tuple[ProcessingSession, bool]:
    """Start `document` as the book's next version. Returns its session and whether it was made now.

    The unfinished session of the same storyline is returned instead, where there is one. The book's row is
    locked meanwhile, so that of two equal requests one finds the other's session.
    """
    digest = storyline_digest(document)
    with transaction.atomic():
        Book.objects.select_for_update().get(pk=book.pk)
        same = ProcessingSession.objects.filter(
            version__book=book, version__storyline_digest=digest, status__in=UNFINISHED
        )
        existing = same.order_by("-created_at").first()
        if existing is not None:
            return existing, False
        return start_session(add_storyline(book, document, actor=actor), actor=actor)
