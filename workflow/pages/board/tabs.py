"""Makes the tabs of a book's head, with the number of what waits behind each."""

from dataclasses import dataclass

from books.models import BookVersion
from workflow.models import (
    ChangeStatus,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
    QuestionStatus,
)

from .summary import address


@dataclass(frozen=True)
class Tab:
    """One tab. `count` is what waits there; `alarm` names it where it is a failure."""

    name: str
    word: str
    url: str
    count: int = 0
    alarm: str = ""


@dataclass(frozen=True)
class WaitingCounts:
    """How many changes and questions wait for the person."""

    changes: int = 0
    questions: int = 0


def count_waiting(session: ProcessingSession) -> WaitingCounts:
    """Count them, in two queries."""
    changes = HarmonizationChange.objects.filter(
        session=session, status__in=[ChangeStatus.APPLIED, ChangeStatus.SUGGESTED]
    )
    questions = FollowUpQuestion.objects.filter(version_id=session.version_id, status=QuestionStatus.OPEN)
    return WaitingCounts(changes.count(), questions.count())


def tabs_of(version: BookVersion, session: ProcessingSession | None, waiting: WaitingCounts) -> list[Tab]:
    """Return the version's tabs; before its start only the outline."""
    outline = Tab("outline", "Outline", address("outline", version))
    if session is None:
        return [outline]
    return [
        Tab("board", "Board", address("board", version), session.failed_count, "failed"),
        outline,
        Tab("review", "Review", address("review", version), waiting.changes),
        Tab("questions", "Questions", address("questions", version), waiting.questions),
        Tab("read", "Read", address("read", version)),
    ]
