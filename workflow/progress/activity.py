"""Makes the activity list: what each Event was, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.contract.events import EventKind
from workflow.models import Event

from .event_sentences import Happening, sentence_of
from .moments import Moment

_FAILURES = frozenset({EventKind.CHAPTER_FAILED, EventKind.REGENERATION_FAILED})


@dataclass(frozen=True)
class Entry:
    """One line of the activity list. `number` is its chapter, if it has one; `is_failure`: that failed for good."""

    seq: int
    at: datetime
    text: str
    number: int | None = None
    is_failure: bool = False

    @property
    def moment(self) -> Moment:
        """The time as a page shows it."""
        return Moment.at(self.at)


def read_entries(
    session_id: UUID, *, after: int = 0, before: int | None = None, newest: int | None = None
) -> list[Entry]:
    """Return what happened with after < seq < before, oldest first; of more than `newest` only the newest ones."""
    events = Event.objects.filter(session_id=session_id, seq__gt=after).select_related("item", "actor")
    events = events.only(
        "session_id",
        "seq",
        "kind",
        "attempt",
        "at",
        "detail",
        "item__number",
        "actor__username",
        "actor__first_name",
    )
    if before is not None:
        events = events.filter(seq__lt=before)
    if newest is None:
        return describe_all(events.order_by("seq"))
    return describe_all(reversed(events.order_by("-seq")[:newest]))


def describe_all(events: Iterable[Event]) -> list[Entry]:
    """Describe events, in their order."""
    return [describe(event) for event in events]


def describe(event: Event) -> Entry:
    """Say what `event` was."""
    number = event.item.number if event.item else None
    who = (event.actor.first_name or event.actor.username) if event.actor else ""
    detail = event.detail if isinstance(event.detail, dict) else {}
    happening = Happening(event.kind, number, event.attempt, event.at, who, detail)
    is_failure = event.kind in _FAILURES
    return Entry(event.seq, event.at, sentence_of(happening), number, is_failure)
