"""Operations on chapters that have a text and are to have another one."""

from django.http import HttpRequest
from ninja import Status

from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.types import ChapterId, SessionId, problems
from workflow import actions

from . import schemas
from .lookup import chapter_item_of, session_of
from .router import router
from .shown import status_shown


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


@router.post(
    "/sessions/{session_id}/regenerate-outdated",
    response={202: schemas.WorkflowStatus},
    operation_id="regenerate_outdated",
    summary="Have all outdated chapters written again",
    openapi_extra=problems(409),
)
def outdated(request: HttpRequest, session_id: SessionId) -> Status[schemas.WorkflowStatus]:
    """Ask for another text of every chapter that is outdated, each after those that it depends on."""
    session = session_of(request, session_id)
    actions.regenerate_outdated(session, actor=person_asking(request))
    return Status(202, status_shown(session_of(request, session_id)))
