"""Operations on chapters: the text, its history, the words that it rests on."""

from django.http import HttpRequest

from books.models import ChapterRevision
from books.reading import chapter_document, passage_document, passages_of
from books.sources import readable_revision, withheld_of
from chapterflow_site.api_base.requests import page_of
from chapterflow_site.api_base.types import ChapterId, Cursor, Limit

from . import chapter_schemas as schemas
from .lookup import chapter_of
from .router import router


@router.get(
    "/chapters/{chapter_id}",
    response=schemas.Chapter,
    operation_id="get_chapter",
    summary="Show a chapter",
    tags=["Chapters"],
)
def shown(request: HttpRequest, chapter_id: ChapterId) -> schemas.Chapter:
    """Show a chapter's text, what it rests on and how it was made."""
    return schemas.Chapter.model_validate(chapter_document(chapter_of(request, chapter_id)))


@router.get(
    "/chapters/{chapter_id}/revisions",
    response=schemas.RevisionPage,
    operation_id="list_revisions",
    summary="List the texts of a chapter",
    tags=["Chapters"],
)
def revisions(
    request: HttpRequest, chapter_id: ChapterId, cursor: Cursor = None, limit: Limit = 50
) -> schemas.RevisionPage:
    """List every text that the chapter had, the newest first."""
    chapter = chapter_of(request, chapter_id)
    withheld = withheld_of(chapter.version)
    texts = ChapterRevision.objects.filter(chapter=chapter).select_related("created_by")
    found, following = page_of(texts, ("-number",), request, cursor=cursor, limit=limit)
    current = chapter.current_revision_id
    return schemas.RevisionPage(
        results=[_revision(readable_revision(text, withheld), current) for text in found], next=following
    )


@router.get(
    "/chapters/{chapter_id}/sources",
    response=schemas.PassagePage,
    operation_id="list_sources",
    summary="List the passages that a chapter rests on",
    tags=["Chapters"],
)
def sources(request: HttpRequest, chapter_id: ChapterId) -> schemas.PassagePage:
    """List each passage of the present text with the words of its source."""
    passages = passages_of(chapter_of(request, chapter_id).current_revision)
    found = [schemas.Passage.model_validate(passage_document(passage)) for passage in passages]
    return schemas.PassagePage(results=found)


def _revision(revision: ChapterRevision, current: int | None) -> schemas.Revision:
    person = revision.created_by
    return schemas.Revision(
        number=revision.number,
        origin=revision.origin,
        title=revision.title,
        markdown=revision.markdown,
        word_count=revision.word_count,
        agent=revision.agent,
        attempt=revision.attempt_number,
        is_current=revision.pk == current,
        created_by=person.get_username() if person else None,
        created_at=revision.created_at,
    )
