"""What is being written now, and what waits for the person, over all of one's books; reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import ngettext

from books.models import Book, BookVersion
from workflow.board import Board, read_board
from workflow.board.board import GROUP
from workflow.board.summary import time_line
from workflow.failures import explain
from workflow.models import (
    ChangeStatus,
    ChapterWorkflowItem,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
    QuestionStatus,
)
from workflow.shelf import Card, Cover, cover_of
from workflow.spending import budget_of
from workflow.states import UNFINISHED, ItemStatus, SessionStatus

RUNNING_AT_MOST = 6
CALLS_AT_MOST = 8

# How a session is called where there is room for one word, and the status whose icon and tone go with it.
_WORDS = {
    SessionStatus.INITIALIZED: ("in_progress", "Starting"),
    SessionStatus.PROCESSING: ("in_progress", "Writing"),
    SessionStatus.HARMONIZING: ("harmonized", "Harmonizing"),
    SessionStatus.COMPLETED: ("completed", "Completed"),
    SessionStatus.FAILED: ("failed", "Stopped"),
    SessionStatus.CANCELLED: ("pending", "Cancelled"),
}


@dataclass(frozen=True)
class Running:
    """A book that is being written. `board` is there for up to fifty chapters; above, a bar says enough."""

    session: ProcessingSession
    cover: Cover
    board: Board | None
    time: str


@dataclass(frozen=True)
class Call:
    """One thing that waits for the person. With `is_post` its button does it at once; else it leads there."""

    status: str
    icon: str
    heading: str
    text: str
    button: str
    url: str
    is_post: bool = False


def status_word(session: ProcessingSession) -> tuple[str, str]:
    """Return the tone and the word of a session: ("in_progress", "Writing")."""
    if session.is_paused:
        return "pending", "Paused"
    return _WORDS[SessionStatus(session.status)]


def running(books: Iterable[Book]) -> list[Running]:
    """Return what is being written of these books, the newest starts first, at most six."""
    sessions = ProcessingSession.objects.filter(version__book__in=books, status__in=UNFINISHED)
    newest = sessions.select_related("version__book").order_by("-created_at")[:RUNNING_AT_MOST]
    return [_running(session) for session in newest]


def _running(session: ProcessingSession) -> Running:
    board = read_board(session) if session.total_chapters <= GROUP else None
    time = time_line(board).partition(" (")[0] if board else ""
    return Running(session, cover_of(session.version.book), board, time)


def calls(cards: Sequence[Card]) -> list[Call]:
    """Return what waits for the person in the newest versions of these books: failures, questions, changes."""
    sessions = {card.session.pk: card for card in cards if card.session}
    failed = [card.session for card in sessions.values() if card.session and _has_stopped(card.session)]
    found = [_failure(session) for session in failed[:CALLS_AT_MOST]]
    found += [_budget(card.session) for card in cards if card.session and card.session.is_over_budget]
    asked = [card for card in cards if card.version and card.open_questions]
    found += [_questions(card.book, card.version, card.open_questions) for card in asked if card.version]
    return (found + _changes(sessions))[:CALLS_AT_MOST]


def _has_stopped(session: ProcessingSession) -> bool:
    if session.status == SessionStatus.FAILED:
        return True
    return session.failed_count > 0 and session.status != SessionStatus.CANCELLED


def _failure(session: ProcessingSession) -> Call:
    title = session.version.book.title
    if not session.failed_count:
        text = f"{title}. {explain(session.error_code).heading}."
        return _retry(session, "The chapters could not be compared with each other", text)
    failed = ChapterWorkflowItem.objects.filter(session=session, status=ItemStatus.FAILED).order_by("number")
    numbers = list(failed.values_list("number", flat=True)[:2])
    code = failed.values_list("error_code", flat=True).first() or ""
    heading = _failed_heading(session, numbers) + _waiting_clause(session)
    return _retry(session, heading, f"{title}. {explain(code).heading}.")


def _budget(session: ProcessingSession) -> Call:
    version = session.version
    url = reverse("board", args=[version.book.book_id, version.number])
    heading = f"The budget of {budget_of(session)} is reached"
    return Call("retry", "paused", heading, f"{version.book.title}. The writing waits for you.", "Look", url)


def _failed_heading(session: ProcessingSession, numbers: Sequence[int]) -> str:
    if session.failed_count == 1 and numbers:
        return f"Chapter {numbers[0]:,} failed"
    return f"{session.failed_count:,} chapters failed"


def _waiting_clause(session: ProcessingSession) -> str:
    """Say how many wait for what failed; worth the reading for books that are not very long."""
    if session.total_chapters > GROUP:
        return ""
    waiting = len(read_board(session).blocked)
    them = "it" if session.failed_count == 1 else "them"
    count = ngettext("%d chapter waits", "%d chapters wait", waiting) % waiting
    return f", and {count} for {them}" if waiting else ""


def _retry(session: ProcessingSession, heading: str, text: str) -> Call:
    return Call(
        "failed", "failed", heading, text, "Retry", reverse("session_retry", args=[session.pk]), is_post=True
    )


def _questions(book: Book, version: BookVersion, count: int) -> Call:
    heading = ngettext("%d question is open", "%d questions are open", count) % count
    first = FollowUpQuestion.objects.filter(version=version, status=QuestionStatus.OPEN).first()
    text = f"{book.title}. The most important: {first.text}" if first else book.title
    return Call(
        "in_progress",
        "question",
        heading,
        text,
        "Answer",
        reverse("questions", args=[book.book_id, version.number]),
    )


def _changes(sessions: dict[UUID, Card]) -> list[Call]:
    undecided = [ChangeStatus.APPLIED, ChangeStatus.SUGGESTED]
    rows = HarmonizationChange.objects.filter(session__in=list(sessions), status__in=undecided)
    counts = (
        rows.order_by()
        .values_list("session")
        .annotate(count=Count("pk"), chapters=Count("chapter", distinct=True))
    )
    return [_change_call(sessions[pk], count, chapters) for pk, count, chapters in counts]


def _change_call(card: Card, count: int, chapters: int) -> Call:
    assert card.version is not None
    heading = ngettext("%d change to look at", "%d changes to look at", count) % count
    where = ngettext("%d chapter", "%d chapters", chapters) % chapters
    text = f"{card.book.title}. The harmonizer changed {where}, or suggests a change there."
    url = reverse("review", args=[card.book.book_id, card.version.number])
    return Call("harmonized", "review", heading, text, "Review", url)
