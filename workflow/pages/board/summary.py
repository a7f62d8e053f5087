"""Works out from a board what stands above and beside its chapters: stages, progress, filter, notices, facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.urls import reverse
from django.utils.translation import ngettext

from books.models import BookVersion
from workflow.agents.orchestrator import label_of, waits
from workflow.agents.providers import ALL, backends_of, limit_of
from workflow.contract.failures import explain
from workflow.contract.states import UNFINISHED, WRITTEN, OnFailure, Phase, SessionStatus
from workflow.models import ProcessingSession
from workflow.progress.budget_panel import budget_notice
from workflow.progress.estimate import estimate_rest, remaining_count
from workflow.progress.moments import Moment
from workflow.progress.progress import harmonized_count, step_line
from workflow.progress.tries import after_the_wait, next_attempt, something_waits, waits_until
from workflow.progress.waiting_for_slot import waiting_of

from .board import Board
from .cards import DisplayStatus

STAGES = (
    (Phase.WRITING, "Writing"),
    (Phase.HARMONIZING, "Harmonizing"),
    (Phase.QUESTIONS, "Questions"),
    (Phase.DONE, "Done"),
)
_ICONS = {
    "completed": "completed",
    "failed": "failed",
    "waiting": "retry",
    "paused": "paused",
    "budget": "paused",
}
_TONES = {"completed": "good", "failed": "failed", "waiting": "retry", "paused": "retry", "budget": "retry"}
RETRYABLE = frozenset({SessionStatus.FAILED, SessionStatus.PROCESSING, SessionStatus.COMPLETED})


@dataclass(frozen=True)
class Stage:
    """One stage of the strip."""

    word: str
    icon: str
    is_current: bool
    is_done: bool
    count: str = ""


@dataclass(frozen=True)
class Chip:
    """One choice of the filter: `look` is "" for all chapters."""

    look: str
    word: str
    count: int


@dataclass(frozen=True)
class Actions:
    """Where a session's buttons lead; "" where the thing cannot be done now."""

    pause: str = ""
    resume: str = ""
    cancel: str = ""
    retry: str = ""
    start: str = ""
    ask_again: str = ""
    rewrite: str = ""
    raise_budget: str = ""


@dataclass(frozen=True)
class State:
    """A notice about the whole session.

    `kind` is paused, budget, completed, failed, cancelled, or waiting for a next try. `ends` is until when it waits
    for the provider.
    """

    kind: str
    heading: str
    text: str
    until: Moment | None = None
    ends: Moment | None = None

    @property
    def icon(self) -> str:
        """The icon beside it."""
        return _ICONS.get(self.kind, "stop")

    @property
    def tone(self) -> str:
        """The tone of the notice."""
        return _TONES.get(self.kind, "")


def stages(session: ProcessingSession) -> list[Stage]:
    """Return the strip of stages."""
    order = [phase for phase, _ in STAGES]
    at = order.index(session.phase)
    done = session.status == SessionStatus.COMPLETED
    return [
        Stage(
            word=word,
            icon="completed" if index < at or done else "in_progress" if index == at else "pending",
            is_current=index == at,
            is_done=index < at or done,
            count=_stage_count(session, phase) if index == at and not done else "",
        )
        for index, (phase, word) in enumerate(STAGES)
    ]


def _stage_count(session: ProcessingSession, phase: Phase) -> str:
    if phase is Phase.WRITING:
        return f"{session.written_count:,} of {session.total_chapters:,}"
    return harmonized_count(session) if phase is Phase.HARMONIZING else ""


def actions(session: ProcessingSession) -> Actions:
    """Return where the session's buttons lead."""

    def to(name: str) -> str:
        return _session_address(name, session.pk)

    unfinished, status = session.status in UNFINISHED, session.status
    return Actions(
        pause=to("session_pause") if unfinished and not session.paused_at else "",
        resume=to("session_resume") if session.is_paused else "",
        cancel=to("session_cancel") if unfinished or status == SessionStatus.FAILED else "",
        retry=to("session_retry")
        if status == SessionStatus.FAILED or (session.failed_count and status in RETRYABLE)
        else "",
        start=address("start", session.version) if status == SessionStatus.CANCELLED else "",
        ask_again=to("questions_again")
        if status == SessionStatus.COMPLETED and session.questions_error
        else "",
        rewrite=to("session_regenerate") if status == SessionStatus.COMPLETED else "",
        raise_budget=to("session_budget") if session.is_over_budget else "",
    )


def address(name: str, version: BookVersion) -> str:
    """Return the address of a page of `version`."""
    return _version_address(name, version.book.book_id, version.number)


@lru_cache(maxsize=1_000)
def _version_address(name: str, book_id: str, number: int) -> str:
    return reverse(name, kwargs={"book_id": book_id, "number": number})


@lru_cache(maxsize=1_000)
def _session_address(name: str, session_id: UUID) -> str:
    return reverse(name, kwargs={"session_id": session_id})


def state(session: ProcessingSession) -> State | None:
    """Return the notice about the whole session, or None while it simply runs."""
    if session.is_over_budget:
        return State("budget", *budget_notice(session))
    if session.is_paused:
        return State("paused", "Paused", "What is being written is finished first; nothing new begins.")
    if session.status == SessionStatus.COMPLETED:
        heading = "The book is written" + (", but not whole" if session.failed_count else "")
        return State("completed", heading, _ending(session))
    if session.status == SessionStatus.FAILED:
        return State("failed", "The writing stopped", _stopped(session))
    if session.status == SessionStatus.CANCELLED:
        kept = ngettext("%s written chapter is", "%s written chapters are", session.written_count)
        kept = (
            f"{kept % f'{session.written_count:,}'} kept."
            if session.written_count
            else "Nothing was written yet."
        )
        return State("cancelled", "Cancelled", f"{kept} Start again to go on from here.")
    waiting = waiting_of(session)
    if waiting is not None:
        until = Moment.at(waiting.until) if waiting.until else None
        return State("waiting", waiting.heading, waiting.text, until)
    if session.error_code and session.next_attempt_at:
        heading, until = explain(session.error_code).heading, Moment.at(session.next_attempt_at)
        ends = waits_until(session)
        if ends:
            return State("waiting", heading, after_the_wait(session), until, Moment.at(ends))
        return State("waiting", heading, f"This can pass by itself. Next is {next_attempt(session)}.", until)
    return None


def chips(board: Board, show: str) -> list[Chip]:
    """Return the choices of the filter: all, then each look that occurs or is chosen."""
    counts = board.counts
    looks = [look for look in DisplayStatus if counts[look] or look == show]
    return [Chip("", "All", len(board.cards)), *(Chip(look, look.word, counts[look]) for look in looks)]


def time_line(board: Board) -> str:
    """Return how long the writing still takes; "" where nothing is being written."""
    session = board.session
    if session.status not in {SessionStatus.INITIALIZED, SessionStatus.PROCESSING} or session.is_paused:
        return step_line(session)
    rows = list(board.rows.values())
    if something_waits(session, rows):
        return "No estimate while something waits"
    remaining = remaining_count(rows, len(board.blocked))
    if not remaining:
        return ""
    estimate = estimate_rest(rows, remaining, session.parallel_chapters)
    return str(estimate) if estimate else "Too early to say how long"


def trouble_line(board: Board) -> str:
    """Return "1 failed, 2 blocked by it"; "" without failed chapters."""
    failed, blocked = board.counts[DisplayStatus.FAILED], board.counts[DisplayStatus.BLOCKED]
    if not failed:
        return ""
    waiting = f", {blocked:,} blocked by {'it' if failed == 1 else 'them'}" if blocked else ""
    return f"{failed:,} failed{waiting}"


def nothing_line(show: str) -> str:
    """Return what an empty list says under the filter `show`."""
    if show in {DisplayStatus.IN_PROGRESS, DisplayStatus.RETRY}:
        return f"No chapters {DisplayStatus(show).word.lower()}"
    return f"No {DisplayStatus(show).word.lower()} chapters" if show else ""


def facts(board: Board) -> list[tuple[str, str]]:
    """Return the names and values of the facts panel. Times are not among them."""
    session = board.session
    words = sum(row.word_count for row in board.rows.values() if row.status in WRITTEN)
    held = session.on_failure == OnFailure.HOLD
    return [
        ("Writer", label_of(session.writer)),
        ("Chapters", f"{session.total_chapters:,}, {_at_once(board)}"),
        ("Words so far", f"{words:,}"),
        ("After a failure", "hold what depends on it" if held else "go on without it"),
    ]


def in_words(counts: Iterable[tuple[DisplayStatus, int]]) -> str:
    """Return "1 failed, 49 generated"."""
    return ", ".join(f"{count:,} {look.word.lower()}" for look, count in counts)


def _ending(session: ProcessingSession) -> str:
    missing = session.total_chapters - session.written_count
    if not missing:
        return (
            ngettext("%s chapter.", "All %s chapters.", session.total_chapters)
            % f"{session.total_chapters:,}"
        )
    left = ngettext("%s chapter is", "%s chapters are", missing) % f"{missing:,}"
    return f"{left} missing, because the writing failed. Retry to add what is missing."


def _stopped(session: ProcessingSession) -> str:
    if session.phase is Phase.HARMONIZING:
        why = explain(session.error_code)
        which = "The other" if session.failed_count else "All"
        written = f"{which} chapters are written, but they could not be compared with each other."
        return f"{written} {why.heading}. {why.advice}"
    return session.error_message or "Nothing can go on until the failed chapters are tried again."


def _at_once(board: Board) -> str:
    """Return how many of its chapters are written at once, as far as settings say."""
    session = board.session
    if not _is_parallel(board):
        return "one after another"
    if not waits(session.writer):
        return "one at a time in each worker"
    providers = {backend.provider for backend in backends_of(session.writer)}
    # One of several may take what another has no room for.
    names = (ALL, *providers) if len(providers) == 1 else (ALL,)
    limits = [limit for limit in map(limit_of, names) if limit is not None]
    most = min(session.parallel_chapters, session.total_chapters, *limits)
    return f"up to {most:,} at once" if most > 1 else "one at a time"


def _is_parallel(board: Board) -> bool:
    chain = all(board.needs.get(number) == (number - 1,) for number in board.rows if number > 1)
    return board.session.parallel_chapters > 1 and len(board.rows) > 1 and not chain
