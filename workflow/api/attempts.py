"""The tries at writing a chapter, with what each writer was given."""

from django.http import HttpRequest

from books.api.lookup import chapter_of
from books.sources import masked, withheld_of
from chapterflow_site.api_base.reading import page_of
from chapterflow_site.api_base.types import ChapterId, Cursor, Limit
from workflow.models import Attempt

from . import schemas
from .router import router


@router.get(
    "/chapters/{chapter_id}/attempts",
    response=schemas.AttemptPage,
    operation_id="list_attempts",
    summary="List the tries at a chapter",
    tags=["Chapters"],
)
def listed(
    request: HttpRequest, chapter_id: ChapterId, cursor: Cursor = None, limit: Limit = 50
) -> schemas.AttemptPage:
    """List every try at writing the chapter, the newest first, with what its writer was given and what was left out."""
    chapter = chapter_of(request, chapter_id)
    withheld = withheld_of(chapter.version)
    attempts = Attempt.objects.filter(item__chapter=chapter)
    found, following = page_of(attempts, ("-number",), request, cursor=cursor, limit=limit)
    return schemas.AttemptPage(
        results=[_shown(masked(attempt, withheld)) for attempt in found], next=following
    )


def _shown(attempt: Attempt) -> schemas.Attempt:
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
