"""Operations on sessions: starting them, lists, states, events, and what can be done to one."""

from collections.abc import Callable
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Status

from books.api.lookup import version_of
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.requests import page_of
from chapterflow_site.api_base.types import BookId, Cursor, Limit, SessionId, VersionName, problems
from workflow import actions
from workflow.contract.states import SessionStatus
from workflow.engine.budget.limits import limits_of
from workflow.models import Event, ProcessingSession

from . import schemas
from .lookup import session_of
from .router import router
from .shown import session_shown, status_shown, summary_shown

MOST_EVENTS = 1_000

# django-ninja reads the choices at import, so that they stand in the documentation too.
StatusFilter = Annotated[SessionStatus | None, Query(description="Only sessions with this status.")]
BookFilter = Annotated[str | None, Query(max_length=80, description="Only sessions of this book.")]
After = Annotated[
    int, Query(ge=0, le=2**63 - 1, description="The `seq` of the newest event that you have; 0 for all.")
]
EventLimit = Annotated[int, Query(ge=1, le=MOST_EVENTS, description="How many to return at most.")]


@router.get(
    "/sessions",
    response=schemas.SessionPage,
    operation_id="list_sessions",
    summary="List your sessions",
)
def listed(
    request: HttpRequest,
    status: StatusFilter = None,
    book_id: BookFilter = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> schemas.SessionPage:
    """List your sessions, the newest first."""
    sessions = ProcessingSession.objects.visible_to(person_asking(request)).select_related("version__book")
    if status is not None:
        sessions = sessions.filter(status=status)
    if book_id is not None:
        sessions = sessions.filter(version__book__book_id=book_id)
    found, following = page_of(sessions, ("-created_at", "-pk"), request, cursor=cursor, limit=limit)
    return schemas.SessionPage(results=[summary_shown(session) for session in found], next=following)


@router.get(
    "/sessions/{session_id}",
    response=schemas.Session,
    operation_id="get_session",
    summary="Show a session",
)
def shown(request: HttpRequest, session_id: SessionId) -> schemas.Session:
    """Show how far a session is, with all its chapters."""
    return session_shown(session_of(request, session_id))


@router.get(
    "/sessions/{session_id}/events",
    response=schemas.Events,
    operation_id="list_events",
    summary="Follow a session",
)
def events(
    request: HttpRequest, session_id: SessionId, after: After = 0, limit: EventLimit = MOST_EVENTS
) -> schemas.Events:
    """Return what happened behind event `after`, in order. Ask again with the last `seq` for what follows."""
    session = session_of(request, session_id)
    rows = Event.objects.filter(session=session, seq__gt=after).order_by("seq")
    found = rows.select_related("item__chapter", "actor").only(*_EVENT_COLUMNS)[:limit]
    return schemas.Events(events=[_event(event) for event in found])


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
    session, created = actions.start_session(
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


def _add(name: str, action: Callable[..., object], summary: str, description: str) -> None:
    """Add the operation that does `action` to a session, is called like it, and answers with the status."""

    def changed(request: HttpRequest, session_id: SessionId) -> schemas.WorkflowStatus:
        session = session_of(request, session_id)
        action(session, actor=person_asking(request))
        session.refresh_from_db()
        return status_shown(session)

    router.post(
        f"/sessions/{{session_id}}/{name}",
        response=schemas.WorkflowStatus,
        operation_id=action.__name__,
        summary=summary,
        description=description,
        openapi_extra=problems(409),
    )(changed)


_add(
    "pause",
    actions.pause_session,
    "Pause a session",
    "Begin nothing new; what is being written is finished.",
)
_add("resume", actions.resume_session, "Resume a session", "Go on after a pause.")
_add(
    "cancel",
    actions.cancel_session,
    "Cancel a session",
    "Stop at once; written chapters are kept. Starting the version again goes on from there.",
)
_add(
    "retry",
    actions.retry_session,
    "Try again what failed",
    "Try all failed chapters again, or the harmonizing.",
)
_add(
    "ask-again",
    actions.ask_again,
    "Ask for questions again",
    "Look for follow-up questions once more, after the book is completed; those that are there stay.",
)

_EVENT_COLUMNS = (
    "session_id",
    "seq",
    "kind",
    "from_status",
    "to_status",
    "attempt",
    "at",
    "detail",
    "item__chapter__chapter_id",
    "actor__username",
)


def _event(event: Event) -> schemas.Event:
    return schemas.Event(
        seq=event.seq,
        kind=event.kind,
        chapter_id=event.item.chapter.chapter_id if event.item else None,
        from_status=event.from_status or None,
        to_status=event.to_status or None,
        attempt=event.attempt,
        at=event.at,
        actor=event.actor.get_username() if event.actor else None,
        detail=event.detail,
    )
