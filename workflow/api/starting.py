"""Starting a version by its name."""

from django.http import HttpRequest
from ninja import Status

from books.api.lookup import version_of
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.types import BookId, VersionName, problems
from workflow.actions import start_session
from workflow.engine.budget.limits import limits_of

from . import schemas
from .router import router


@router.post(
    "/books/{book_id}/versions/{version}/start",
    response={202: schemas.SessionStarted, 200: schemas.SessionStarted},
    operation_id="start_version",
    summary="Start writing a version",
    openapi_extra=problems(409),
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
        limits=limits_of(asked.budget.dollars, asked.budget.tokens) if asked.budget else None,
        idempotency_key=asked.idempotency_key or "",
    )
    answer = schemas.SessionStarted(session_id=str(session.pk), created=created)
    return Status(202 if created else 200, answer)
