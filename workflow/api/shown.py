"""Sessions as the API gives them: one query for a summary's page, a handful for a session with a thousand items."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from books.models import Chapter
from workflow.agents.providers import split
from workflow.contract.money import plain_dollars
from workflow.contract.states import WRITTEN, ItemStatus, OnFailure, SessionStatus
from workflow.engine.budget.tally import Tally
from workflow.models import ProcessingSession
from workflow.pages.board.summary import state
from workflow.progress.blocked import find_blocked
from workflow.progress.estimate import estimate_rest, remaining_count
from workflow.progress.rows import Needs, Row, read_needs, read_rows
from workflow.progress.spending import of_session
from workflow.progress.tries import something_waits

from . import schemas, usage_schemas

_WRITING = frozenset({SessionStatus.INITIALIZED, SessionStatus.PROCESSING})


class _Written(NamedTuple):
    """What an item says of its chapter beside its row."""

    chapter_id: str
    node_id: str
    created_at: datetime


@dataclass(frozen=True)
class _Chapters:
    """A session's chapters by number: rows, what each is written after, and which failed ones it waits for."""

    rows: list[Row]
    needs: Needs
    blocked: dict[int, tuple[int, ...]]
    about: dict[int, _Written]

    def ids(self, numbers: Iterable[int]) -> list[str]:
        """Return the ids of these chapters."""
        return [self.about[number].chapter_id for number in numbers]


def status_shown(session: ProcessingSession) -> schemas.WorkflowStatus:
    """Return how far a session is."""
    return _status(session, _chapters_of(session))


def session_shown(session: ProcessingSession) -> schemas.Session:
    """Return a session with its items."""
    chapters = _chapters_of(session, with_needs=True)
    items = [_item(row, session, chapters) for row in chapters.rows]
    return schemas.Session(
        **_status(session, chapters).__dict__,
        writer=session.writer,
        dependencies=session.dependencies,
        on_failure=session.on_failure,
        workflow_items=items,
        items=items,
    )


def summary_shown(session: ProcessingSession) -> schemas.SessionSummary:
    """Return a session for a list. Reads `version.book` of it."""
    return schemas.SessionSummary(
        session_id=str(session.pk),
        book_id=session.version.book.book_id,
        book_version=session.version.name,
        version=session.version.name,
        status=session.status,
        is_paused=session.is_paused,
        progress_percentage=session.progress_percentage,
        completed_chapters=session.written_count,
        failed_chapters=session.failed_count,
        total_chapters=session.total_chapters,
        error_code=session.error_code,
        error_message=session.error_message,
        created_at=session.created_at,
        finished_at=session.finished_at,
        updated_at=session.updated_at,
    )


def _chapters_of(session: ProcessingSession, *, with_needs: bool = False) -> _Chapters:
    rows = read_rows(session.pk)
    holds = session.failed_count and session.on_failure == OnFailure.HOLD
    needs = read_needs(session.pk) if holds or with_needs else {}
    chapters = Chapter.objects.filter(version=session.version_id).order_by()
    columns = chapters.values_list("number", "chapter_id", "node__key", "created_at")
    about = {number: _Written(chapter_id, node, created) for number, chapter_id, node, created in columns}
    return _Chapters(rows, needs, find_blocked(rows, needs) if holds else {}, about)


def _status(session: ProcessingSession, chapters: _Chapters) -> schemas.WorkflowStatus:
    current = next((row for row in chapters.rows if row.status == ItemStatus.IN_PROGRESS), None)
    notice = state(session)
    return schemas.WorkflowStatus(
        **summary_shown(session).__dict__,
        phase=session.phase,
        current_chapter=current.number if current else None,
        current_chapter_id=chapters.about[current.number].chapter_id if current else None,
        current_chapter_title=current.title if current else None,
        estimated_completion=_estimated_completion(session, chapters),
        message=f"{notice.heading}. {notice.text}" if notice else "",
        started_at=session.started_at,
        pause_reason=session.pause_reason if session.is_paused else "",
        waits_for=list(split(session.held_back_by)) if session.held_back_at else [],
        usage=session_usage(session),
        budget=budget_shown(session),
    )


def session_usage(session: ProcessingSession) -> usage_schemas.Usage:
    """Return what the session spent so far."""
    return usage_shown(of_session(session))


def usage_shown(tally: Tally) -> usage_schemas.Usage:
    """Return a tally; money is null where no call has a known price."""
    is_unknown = tally.unpriced_count > 0 and not tally.spent_micros
    return usage_schemas.Usage(
        calls=tally.call_count,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cached_tokens=tally.cached_tokens,
        unreported_calls=tally.unreported_count,
        unpriced_calls=tally.unpriced_count,
        cost=None if is_unknown else plain_dollars(tally.spent_micros),
    )


def budget_shown(session: ProcessingSession) -> usage_schemas.Budget:
    """Return what the session may spend."""
    limit = session.budget_micros
    return usage_schemas.Budget(
        dollars=plain_dollars(limit) if limit is not None else None, tokens=session.budget_tokens
    )


def _estimated_completion(session: ProcessingSession, chapters: _Chapters) -> datetime | None:
    if session.status not in _WRITING or session.is_paused or something_waits(session, chapters.rows):
        return None
    remaining = remaining_count(chapters.rows, len(chapters.blocked))
    rest = estimate_rest(chapters.rows, remaining, session.parallel_chapters)
    return timezone.now() + timedelta(seconds=rest.seconds) if rest else None


def _item(row: Row, session: ProcessingSession, chapters: _Chapters) -> schemas.Item:
    about = chapters.about[row.number]
    is_written = row.status in WRITTEN
    return schemas.Item(
        chapter_id=about.chapter_id,
        book_id=session.version.book.book_id,
        book_version=session.version.name,
        chapter_number=row.number,
        storyline_node_id=about.node_id,
        title=row.title,
        status=row.status,
        dependencies=chapters.ids(chapters.needs.get(row.number, ())),
        attempt=row.attempt_count,
        retry_count=row.retry_count,
        wait_count=row.wait_count,
        error_code=row.error_code,
        error_message=row.error_message,
        next_attempt_at=row.next_attempt_at,
        blocked_by=chapters.ids(chapters.blocked.get(row.number, ())),
        word_count=row.word_count,
        quality_score=row.quality_score if is_written else None,
        is_outdated=bool(row.outdated_reason),
        outdated_reason=row.outdated_reason,
        is_written_again=bool(row.status_before),
        agent_session_id=str(session.pk) if row.attempt_count else None,
        created_at=about.created_at,
        started_at=row.started_at,
        completed_at=row.finished_at if is_written else None,
        number=row.number,
        finished_at=row.finished_at,
    )
