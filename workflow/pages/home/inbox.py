"""Reads what is being written now, and what waits for the person, over all of the person's books."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import ngettext

from books.models import Book, BookVersion
from books.sources import withheld_of
from workflow.contract.failures import explain
from workflow.contract.states import UNFINISHED, ItemStatus, SessionStatus
from workflow.models import (
    ChangeStatus,
    ChapterWorkflowItem,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
    QuestionStatus,
)
from workflow.pages.board.board import GROUP, Board, read_boards
from workflow.pages.board.summary import time_line
from workflow.progress.spending import budget_of

from .library import BookCard, Cover, cover_of

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
class InboxEntry:
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
    newest = list(sessions.select_related("version__book").order_by("-created_at")[:RUNNING_AT_MOST])
    boards = _small_boards(newest)
    return [_running(session, boards.get(session.pk)) for session in newest]


def _small_boards(sessions: Iterable[ProcessingSession]) -> Mapping[UUID, Board]:
    """Read the boards that are worth the reading for a line or two: those of books that are not very long."""
    return read_boards(session for session in sessions if session.total_chapters <= GROUP)


def _running(session: ProcessingSession, board: Board | None) -> Running:
    time = time_line(board).partition(" (")[0] if board else ""
    return Running(session, cover_of(session.version.book), board, time)


def calls(cards: Sequence[BookCard]) -> list[InboxEntry]:
    """Return what waits for the person in the newest versions of these books: failures, questions, changes."""
    sessions = {card.session.pk: card for card in cards if card.session}
    failed = [card.session for card in sessions.values() if card.session and _has_stopped(card.session)]
    found = _failures(failed[:CALLS_AT_MOST])
    found += [_budget(card.session) for card in cards if card.session and card.session.is_over_budget]
    found += _questions([card for card in cards if card.open_questions][:CALLS_AT_MOST])
    return (found + _changes(sessions))[:CALLS_AT_MOST]


class _First(NamedTuple):
    """The first chapter that failed."""

    number: int
    code: str


def _failures(sessions: Sequence[ProcessingSession]) -> list[InboxEntry]:
    boards, first = _small_boards(sessions), _first_failures(sessions)
    return [_failure(session, first.get(session.pk), boards.get(session.pk)) for session in sessions]


def _first_failures(sessions: Sequence[ProcessingSession]) -> Mapping[UUID, _First]:
    items = ChapterWorkflowItem.objects.filter(session=OuterRef("pk"), status=ItemStatus.FAILED)
    first = items.order_by("number")
    rows = ProcessingSession.objects.filter(pk__in=[session.pk for session in sessions]).values_list(
        "pk", Subquery(first.values("number")[:1]), Subquery(first.values("error_code")[:1])
    )
    return {pk: _First(number, code) for pk, number, code in rows if number is not None} if sessions else {}


def _has_stopped(session: ProcessingSession) -> bool:
    if session.status == SessionStatus.FAILED:
        return True
    return session.failed_count > 0 and session.status != SessionStatus.CANCELLED


def _failure(session: ProcessingSession, first: _First | None, board: Board | None) -> InboxEntry:
    title = session.version.book.title
    if not session.failed_count:
        text = f"{title}. {explain(session.error_code).heading}."
        return _retry(session, "The chapters could not be compared with each other", text)
    heading = _failed_heading(session, first) + _waiting_clause(session, board)
    return _retry(session, heading, f"{title}. {explain(first.code if first else '').heading}.")


def _budget(session: ProcessingSession) -> InboxEntry:
    version = session.version
    url = reverse("board", args=[version.book.book_id, version.number])
    heading = f"The budget of {budget_of(session)} is reached"
    return InboxEntry(
        "retry", "paused", heading, f"{version.book.title}. The writing waits for you.", "DisplayStatus", url
    )


def _failed_heading(session: ProcessingSession, first: _First | None) -> str:
    if session.failed_count == 1 and first:
        return f"Chapter {first.number:,} failed"
    return f"{session.failed_count:,} chapters failed"


def _waiting_clause(session: ProcessingSession, board: Board | None) -> str:
    """Say how many wait for what failed, where the board was read."""
    waiting = len(board.blocked) if board else 0
    them = "it" if session.failed_count == 1 else "them"
    count = ngettext("%d chapter waits", "%d chapters wait", waiting) % waiting
    return f", and {count} for {them}" if waiting else ""


def _retry(session: ProcessingSession, heading: str, text: str) -> InboxEntry:
    return InboxEntry(
        "failed", "failed", heading, text, "Retry", reverse("session_retry", args=[session.pk]), is_post=True
    )


def _questions(cards: Sequence[BookCard]) -> list[InboxEntry]:
    versions = [card.version.pk for card in cards if card.version]
    if not versions:
        return []
    first = FollowUpQuestion.objects.filter(version=OuterRef("pk"), status=QuestionStatus.OPEN)
    rows = BookVersion.objects.filter(pk__in=versions).values_list("pk", Subquery(first.values("text")[:1]))
    texts = dict(rows)
    return [_question(card, card.version, texts.get(card.version.pk)) for card in cards if card.version]


def _question(card: BookCard, version: BookVersion, first: str | None) -> InboxEntry:
    book, count = card.book, card.open_questions
    heading = ngettext("%d question is open", "%d questions are open", count) % count
    version.book = book
    first = withheld_of(version).mask(first) if first else ""
    text = f"{book.title}. The most important: {first}" if first else book.title
    return InboxEntry(
        "in_progress",
        "question",
        heading,
        text,
        "Answer",
        reverse("questions", args=[book.book_id, version.number]),
    )


def _changes(sessions: dict[UUID, BookCard]) -> list[InboxEntry]:
    undecided = [ChangeStatus.APPLIED, ChangeStatus.SUGGESTED]
    rows = HarmonizationChange.objects.filter(session__in=list(sessions), status__in=undecided)
    counts = (
        rows.order_by()
        .values_list("session")
        .annotate(count=Count("pk"), chapters=Count("chapter", distinct=True))
    )
    return [_change_call(sessions[pk], count, chapters) for pk, count, chapters in counts]


def _change_call(card: BookCard, count: int, chapters: int) -> InboxEntry:
    assert card.version is not None
    heading = ngettext("%d change to look at", "%d changes to look at", count) % count
    where = ngettext("%d chapter", "%d chapters", chapters) % chapters
    text = f"{card.book.title}. The harmonizer changed {where}, or suggests a change there."
    url = reverse("review", args=[card.book.book_id, card.version.number])
    return InboxEntry("harmonized", "review", heading, text, "Review", url)
