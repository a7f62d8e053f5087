"""Operations on what waits for a person: the harmonizer's changes and the follow-up questions."""

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest
from ninja import Path

from books.api.lookup import version_of
from books.sources import masked, withheld_of
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.requests import page_of
from chapterflow_site.api_base.types import BookId, Cursor, Limit, SessionId, VersionName, problems
from workflow import actions
from workflow.models import FollowUpQuestion, HarmonizationChange
from workflow.models.review import Priority

from . import schemas
from .lookup import change_of, question_of, session_of
from .router import router

ChangeId = Annotated[int, Path(description="The change’s id.", example=7)]
QuestionId = Annotated[int, Path(description="The question’s id.", example=3)]

_CHANGE_ORDER = ("chapter__number", "offset", "pk")
_QUESTION_ORDER = ("priority", "pk")


@router.get(
    "/sessions/{session_id}/changes",
    response=schemas.ChangePage,
    operation_id="list_changes",
    summary="List the harmonizer’s changes",
    tags=["Review"],
)
def changes(
    request: HttpRequest, session_id: SessionId, cursor: Cursor = None, limit: Limit = 50
) -> schemas.ChangePage:
    """List what was changed or suggested, by chapter and place."""
    session = session_of(request, session_id)
    rows = HarmonizationChange.objects.filter(session=session).select_related("chapter", "decided_by")
    found, following = page_of(rows, _CHANGE_ORDER, request, cursor=cursor, limit=limit)
    withheld = withheld_of(session.version)
    return schemas.ChangePage(results=[_change(masked(change, withheld)) for change in found], next=following)


def _add(name: str, decide: Callable[..., HarmonizationChange], summary: str, description: str) -> None:
    """Add the operation that decides on a change, is called like its action, and answers with the change."""

    def decided(request: HttpRequest, change_id: ChangeId) -> schemas.Change:
        change = decide(change_of(request, change_id), actor=person_asking(request))
        return _change(masked(change, withheld_of(change.session.version)))

    router.post(
        f"/changes/{{change_id}}/{name}",
        response=schemas.Change,
        operation_id=decide.__name__,
        summary=summary,
        description=description,
        tags=["Review"],
        openapi_extra=problems(409),
    )(decided)


_add("undo", actions.undo_change, "Take a change back", "Put back the words that stood there before.")
_add("apply", actions.apply_change, "Make a change", "Make a suggested change, or one that was taken back.")
_add("keep", actions.keep_change, "Keep a change", "Note that you have looked at a change and keep it.")
_add("dismiss", actions.dismiss_change, "Put a suggestion aside", "Put a suggestion aside.")


@router.get(
    "/books/{book_id}/versions/{version}/questions",
    response=schemas.QuestionPage,
    operation_id="list_questions",
    summary="List the follow-up questions",
    tags=["Review"],
)
def questions(
    request: HttpRequest,
    book_id: BookId,
    version: VersionName,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> schemas.QuestionPage:
    """List what the sources leave open, the most important first."""
    of_version = version_of(request, book_id, version)
    rows = FollowUpQuestion.objects.filter(version=of_version)
    rows = rows.select_related("version__book", "chapter", "answered_by")
    found, following = page_of(rows, _QUESTION_ORDER, request, cursor=cursor, limit=limit)
    withheld = withheld_of(of_version)
    return schemas.QuestionPage(
        results=[_question(masked(question, withheld)) for question in found], next=following
    )


@router.post(
    "/questions/{question_id}/answer",
    response=schemas.Question,
    operation_id="answer_question",
    summary="Answer a question",
    tags=["Review"],
)
def answered(request: HttpRequest, question_id: QuestionId, answer: schemas.Answer) -> schemas.Question:
    """Store the answer; an earlier one is replaced."""
    question = question_of(request, question_id)
    return _answered(actions.answer_question(question, actor=person_asking(request), answer=answer.answer))


@router.post(
    "/questions/{question_id}/dismiss",
    response=schemas.Question,
    operation_id="dismiss_question",
    summary="Put a question aside",
    tags=["Review"],
)
def put_aside(request: HttpRequest, question_id: QuestionId) -> schemas.Question:
    """Put a question aside; an answer that was given is kept with it."""
    return _answered(
        actions.dismiss_question(question_of(request, question_id), actor=person_asking(request))
    )


def _answered(question: FollowUpQuestion) -> schemas.Question:
    return _question(masked(question, withheld_of(question.version)))


def _change(change: HarmonizationChange) -> schemas.Change:
    return schemas.Change(
        id=change.pk,
        chapter_id=change.chapter.chapter_id,
        rule=change.rule,
        severity=change.severity,
        status=change.status,
        find=change.find,
        replace=change.replace,
        before=change.before,
        after=change.after,
        reason=change.reason,
        evidence=change.evidence,
        decided_by=change.decided_by.get_username() if change.decided_by else None,
        decided_at=change.decided_at,
        created_at=change.created_at,
    )


def _question(question: FollowUpQuestion) -> schemas.Question:
    return schemas.Question(
        id=question.pk,
        book_id=question.version.book.book_id,
        version=question.version.name,
        chapter_id=question.chapter.chapter_id if question.chapter else None,
        category=question.category,
        priority=Priority(question.priority).name.lower(),
        status=question.status,
        text=question.text,
        reason=question.reason,
        evidence=question.evidence,
        answer=question.answer,
        answered_by=question.answered_by.get_username() if question.answered_by else None,
        answered_at=question.answered_at,
        created_at=question.created_at,
    )
