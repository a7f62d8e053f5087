"""Says how far a book is, in the words of every page: what is written, and each later step by itself.

The API's `progress_percentage` has a contract of its own, and is not shown to people.
"""

from django.utils.translation import ngettext

from workflow.contract.states import ItemStatus, Phase, SessionStatus
from workflow.models import ProcessingSession

from .moments import Moment
from .tries import next_attempt, waits_until


def written_percent(session: ProcessingSession) -> int:
    """Return how much of the book is written; 100 only where every chapter is."""
    if not session.total_chapters:
        return 0
    share = round(100 * session.written_count / session.total_chapters)
    return share if session.written_count == session.total_chapters else min(99, share)


def progress_line(session: ProcessingSession) -> str:
    """Return "5 of 12 chapters, 42 %"."""
    total = ngettext("%s chapter", "%s chapters", session.total_chapters) % f"{session.total_chapters:,}"
    return f"{session.written_count:,} of {total}, {written_percent(session)} %"


def step_line(session: ProcessingSession) -> str:
    """Say what is done after the writing, and how far that is; "" while the chapters are written, and at the end."""
    if session.status != SessionStatus.HARMONIZING or session.is_paused:
        return ""
    if session.phase is Phase.QUESTIONS:
        return "Looking for open questions"
    done = harmonized_count(session)
    return f"Comparing the chapters with each other{f': {done}' if done else ''}"


def harmonized_count(session: ProcessingSession) -> str:
    """Return "4 of 10" of the chapters that are harmonized; "" before the first."""
    if not session.harmonized_count:
        return ""
    return f"{session.harmonized_count:,} of {session.written_count:,}"


def waiting_line(session: ProcessingSession) -> str:
    """Say which chapter waits for its time and until when, the first of them; "" where none does. One query."""
    waiting = session.items.filter(status=ItemStatus.PENDING, next_attempt_at__isnull=False)
    item = waiting.order_by("next_attempt_at").first()
    if item is None or item.next_attempt_at is None:
        return ""
    again = Moment.at(item.next_attempt_at).clock
    ends = waits_until(item)
    if ends:
        until = f"chapter {item.number:,} waits for the provider until {Moment.at(ends).clock}"
        return f"{until} and asks again at {again}"
    return f"chapter {item.number:,} is tried again at {again}, {next_attempt(item)}"
