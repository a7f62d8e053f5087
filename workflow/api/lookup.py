"""Finding what an address names, among what the person may see; anything else is NotFound."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.core.exceptions import NotFound
from workflow.models import ChapterWorkflowItem, FollowUpQuestion, HarmonizationChange, ProcessingSession

Row = TypeVar("Row", bound=Model)


def session_of(request: HttpRequest, session_id: str) -> ProcessingSession:
    """Return the session, with its version and book."""
    sessions = ProcessingSession.objects.visible_to(person_asking(request)).select_related("version__book")
    return _one(sessions.filter(pk=_uuid(session_id, "session")), "session")


def item_of(request: HttpRequest, session_id: str, chapter_id: str) -> ChapterWorkflowItem:
    """Return the item of a chapter in a session."""
    items = ChapterWorkflowItem.objects.visible_to(person_asking(request))
    found = items.filter(session_id=_uuid(session_id, "session"), chapter__chapter_id=chapter_id)
    return _one(found, "chapter in this session")


def chapter_item_of(request: HttpRequest, chapter_id: str) -> ChapterWorkflowItem:
    """Return the item of a chapter that was started."""
    items = ChapterWorkflowItem.objects.visible_to(person_asking(request))
    return _one(items.filter(chapter__chapter_id=chapter_id), "chapter")


def change_of(request: HttpRequest, change_id: int) -> HarmonizationChange:
    """Return the change, with its chapter."""
    changes = HarmonizationChange.objects.visible_to(person_asking(request))
    return _one(changes.select_related("chapter", "decided_by").filter(pk=change_id), "change")


def question_of(request: HttpRequest, question_id: int) -> FollowUpQuestion:
    """Return the question, with its version, book and chapter."""
    questions = FollowUpQuestion.objects.visible_to(person_asking(request))
    return _one(
        questions.select_related("version__book", "chapter", "answered_by").filter(pk=question_id), "question"
    )


def _one(rows: QuerySet[Row], kind: str) -> Row:
    found = rows.first()
    if found is None:
        raise _unknown(kind)
    return found


def _uuid(text: str, kind: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _unknown(kind) from None


def _unknown(kind: str) -> NotFound:
    return NotFound("not_found", f"There is no such {kind}.")
