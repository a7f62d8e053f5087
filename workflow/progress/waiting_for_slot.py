"""Says why a session waits for a model provider; asks the database only about a session that does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import ngettext

from chapterflow_site.core.clock import database_now
from workflow.agents.providers import ALL, label_of_provider, limit_of, split
from workflow.contract.failures import Failure, explain
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.engine.slots.slots import ProviderSlots
from workflow.models import ProcessingSession

GOES_ON = "It goes on by itself."


@dataclass(frozen=True)
class Waiting:
    """Why no chapter is begun. `until` is when the first provider may be asked again; None where a slot is missing."""

    heading: str
    text: str
    until: datetime | None = None


def waiting_of(session: ProcessingSession) -> Waiting | None:
    """Return why the session waits, or None where it does not, or where chapters of it are being written."""
    if session.held_back_at is None or session.status != SessionStatus.PROCESSING or session.is_paused:
        return None
    if session.items.filter(status=ItemStatus.IN_PROGRESS).exists():
        return None
    names = split(session.held_back_by)
    rooms = ProviderSlots(database_now())
    cooling = [until for until in map(rooms.cooling_until, names) if until]
    who = in_words(names)
    if len(cooling) == len(names):
        text = f"No chapter of any book is begun with {who} for a while."
        return Waiting(explain(Failure.RATE_LIMITED).heading, text, min(cooling))
    return Waiting(f"Waiting for {who}", f"{_limits(rooms, names)} {GOES_ON}")


def in_words(names: Sequence[str]) -> str:
    """Return "OpenAI or Anthropic"."""
    labels = [label_of_provider(name) for name in names]
    return " or ".join(filter(None, [", ".join(labels[:-1]), *labels[-1:]])) or "a language model"


def _limits(rooms: ProviderSlots, names: Sequence[str]) -> str:
    found = [_limit(rooms, name) for name in names]
    return " ".join(sentence for sentence in found if sentence) or "Another book is before this one."


def _limit(rooms: ProviderSlots, name: str) -> str:
    most = rooms.most(name)
    if most is None:
        return ""
    chapters = ngettext("%s chapter", "%s chapters", most) % f"{most:,}"
    with_whom = "language models" if name == ALL else label_of_provider(name)
    if limit_of(name) == most:
        return f"This installation writes at most {chapters} at once with {with_whom}."
    return f"{with_whom} asked us to slow down a short while ago, so at most {chapters} at once are written with it."
