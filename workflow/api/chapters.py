"""Operations on chapters while they are written: the tries at them, and asking for another text."""

from django.http import HttpRequest
from ninja import Status

from books.api.lookup import chapter_of
from books.sources import masked, withheld_of
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.requests import page_of
from chapterflow_site.api_base.types import ChapterId, Cursor, Limit, problems
from workflow import actions
from workflow.models import Attempt

from . import schemas
from .lookup import chapter_item_of, session_of
from .router import router
from .shown import status_shown


@router.get(
    "/chapters/{chapter_id}/attempts",
    response=schemas.AttemptPage,
    operation_id="list_attempts",
    summary="List the tries at a chapter",
    tags=["Chapters"],
)
def attempts(
    request: HttpRequest, chapter_id: ChapterId, cursor: Cursor = None, limit: Limit = 50
) -> schemas.AttemptPage:
    """List every try at writing the chapter, the newest first, with what its writer was given and what was left out."""
    chapter = chapter_of(request, chapter_id)
    withheld = withheld_of(chapter.version)
    attempts = Attempt.objects.filter(item__chapter=chapter)
    found, following = page_of(attempts, ("-number",), request, cursor=cursor, limit=limit)
    return schemas.AttemptPage(
        results=[_attempt(masked(attempt, withheld)) for attempt in found], next=following
    )


@router.post(
    "/chapters/{chapter_id}/regenerate",
    response={202: schemas.WorkflowStatus},
    operation_id="regenerate_chapter",
    summary="Have a written chapter written again",
    tags=["Chapters"],
    openapi_extra=problems(409),
)
def asked(
    request: HttpRequest, chapter_id: ChapterId, options: schemas.RegenerationOptions
) -> Status[schemas.WorkflowStatus]:
    """Ask for another text, with a note to the writer; the present text stays until the new one is stored.

    If the writing fails, the chapter keeps its text and status, and its item says why. What depends on the chapter
    keeps its text, and is outdated from then on.
    """
    item = chapter_item_of(request, chapter_id)
    actions.regenerate_chapter(item, actor=person_asking(request), note=options.note, writer=options.writer)
    return Status(202, status_shown(session_of(request, str(item.session_id))))


@router.post(
    "/chapters/{chapter_id}/keep",
    response=schemas.WorkflowStatus,
    operation_id="withdraw_regeneration",
    summary="Keep the text that a chapter has",
    tags=["Chapters"],
    openapi_extra=problems(409),
)
def withdrawn(request: HttpRequest, chapter_id: ChapterId) -> schemas.WorkflowStatus:
    """Take back that the chapter shall be written again; what is being written of it is dropped."""
    item = chapter_item_of(request, chapter_id)
    actions.withdraw_regeneration(item, actor=person_asking(request))
    return status_shown(session_of(request, str(item.session_id)))


def _attempt(attempt: Attempt) -> schemas.Attempt:
    return schemas.Attempt(
        number=attempt.number,
        outcome=attempt.outcome,
        agent=attempt.agent,
        error_code=attempt.error_code,
        error_message=attempt.error_message,
        given=attempt.context,
        usage=attempt.usage,
        partial_text=attempt.partial_text,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
    )
