"""The three operations of the original specification: start with nodes, ask how far it is, retry a chapter."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext
from ninja import Query

from books.actions.chunks import known_chunk_ids
from books.api.documents import NODES, taking
from books.api.lookup import book_of
from books.sources import notices_of
from books.uploads import read_upload, reading_place
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.errors import Problem, problem_response, refusal
from chapterflow_site.api_base.requests import document_of
from chapterflow_site.api_base.types import BookId, ChapterId, SessionId, problems
from chapterflow_site.core.exceptions import Conflict
from workflow.actions import retry_chapter, start_nodes

from . import schemas
from .lookup import item_of, session_of
from .router import router
from .shown import status_shown

AnotherWriter = Annotated[
    str | None,
    Query(max_length=200, description="Another writer for this chapter.", examples=["quotations"]),
]


@router.post(
    "/start-book-generation/{book_id}",
    response=schemas.GenerationStarted,
    operation_id="start_book_generation",
    summary="Start writing a book from a list of nodes",
    tags=["Generation"],
    openapi_extra=taking(NODES) | problems(429),
)
def started(request: HttpRequest, book_id: BookId) -> schemas.GenerationStarted:
    """Store the nodes as the book's next version and start it.

    Nodes may name chunks of the book's earlier uploads, or carry `chunks` inside. The same nodes again, while
    they are being written, lead to the same session.
    """
    book = book_of(request, book_id)
    person = person_asking(request)
    with document_of(request) as file, reading_place(person):
        known = known_chunk_ids(book)
        session, created = start_nodes(book, read_upload(file, known_chunk_ids=known), actor=person)
    chapters = ngettext("%s chapter", "%s chapters", session.total_chapters) % f"{session.total_chapters:,}"
    message = f"{chapters} will be written." if created else f"{chapters} were started before and go on."
    # The answer has three keys, so what was not read stands in its sentence.
    message = " ".join([message, *(notice["message"] for notice in notices_of(session.version))])
    return schemas.GenerationStarted(session_id=str(session.pk), status="started", message=message)


@router.get(
    "/workflow-status/{session_id}",
    response=schemas.WorkflowStatus,
    operation_id="workflow_status",
    summary="Ask how far a session is",
    tags=["Generation"],
)
def status(request: HttpRequest, session_id: SessionId) -> schemas.WorkflowStatus:
    """Return counts, percentage, the chapter being written and when it will be done."""
    return status_shown(session_of(request, session_id))


@router.post(
    "/retry-failed-chapter/{session_id}/{chapter_id}",
    response=schemas.RetryAnswer,
    operation_id="retry_failed_chapter",
    summary="Try a failed chapter again",
    tags=["Generation"],
    openapi_extra=problems(409),
)
def retried(
    request: HttpRequest, session_id: SessionId, chapter_id: ChapterId, writer: AnotherWriter = None
) -> schemas.RetryAnswer | HttpResponse:
    """Give a failed chapter three new attempts; what waits for it goes on by itself afterwards.

    `writer` writes this chapter from now on, in the place of the session's.

    Where it cannot be retried: 409, with `success: false` and the `message` beside the problem's own keys.
    """
    item = item_of(request, session_id, chapter_id)
    try:
        retry_chapter(item, actor=person_asking(request), writer=writer)
    except Conflict as error:
        return problem_response(Problem(error.status, error.code, error.message, more=refusal(error)))
    return schemas.RetryAnswer(success=True, message=f"Chapter {item.number:,} will be written again.")
