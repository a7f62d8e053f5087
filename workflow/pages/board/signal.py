"""Says in one word how a book is doing and whether it needs the person, for its board and the browser's tab."""

from typing import NamedTuple

from django.templatetags.static import static

from workflow.contract.states import SessionStatus
from workflow.models import ProcessingSession
from workflow.progress.tries import something_waits

from .board import Board
from .cards import DisplayStatus


class Signal(NamedTuple):
    """`key` names the icon of the tab, `look` icon and tone of the word; `call` stands before the title."""

    key: str
    word: str
    look: str
    icon: str
    call: str = ""

    @property
    def picture(self) -> str:
        """The address of the tab's icon."""
        return static(f"mark-{self.key}.svg")


WRITING = Signal("running", "Writing", "in_progress", "in_progress")
WAITING = Signal("running", "Waiting", "retry", "retry")
HARMONIZING = Signal("running", "Harmonizing", "harmonized", "in_progress")
NEEDS_YOU = Signal("needs", "Needs you", "failed", "failed", "Needs you")
STOPPED = Signal("failed", "Stopped", "failed", "failed", "Failed")
BUDGET = Signal("needs", "Paused by the budget", "retry", "paused", "Needs you")
PAUSED = Signal("paused", "Paused", "pending", "paused", "Paused")
CANCELLED = Signal("paused", "Cancelled", "pending", "stop", "Cancelled")
DONE = Signal("done", "Written", "completed", "completed", "Done")


def signal_of(board: Board) -> Signal:
    """Return how the book is doing; what needs the person comes before what goes on by itself."""
    session = board.session
    if session.status == SessionStatus.CANCELLED:
        return CANCELLED
    if session.status == SessionStatus.COMPLETED:
        return DONE
    if session.status == SessionStatus.FAILED:
        return STOPPED
    if session.is_paused:
        return BUDGET if session.is_over_budget else PAUSED
    if board.counts[DisplayStatus.FAILED]:
        return NEEDS_YOU
    if session.status == SessionStatus.HARMONIZING:
        return HARMONIZING
    is_waiting = not board.counts[DisplayStatus.IN_PROGRESS] and something_waits(session, board.rows.values())
    return WAITING if is_waiting else WRITING


def page_title(session: ProcessingSession, signal: Signal) -> str:
    """Return the title of the browser's tab."""
    call = f"{signal.call}: " if signal.call else ""
    counted = f"{session.written_count:,} of {session.total_chapters:,}"
    return f"{call}{counted} · {session.version.book.title} · ChapterFlow"
