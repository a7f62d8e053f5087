"""Holds the whole board of a session as one plain value, and makes the board after a change of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from uuid import UUID

from django.urls import reverse

from workflow.agents.orchestrator import allowed_writers
from workflow.contract.states import ItemStatus, OnFailure, SessionStatus
from workflow.models import ProcessingSession
from workflow.progress.activity import Entry, read_entries
from workflow.progress.blocked import find_blocked
from workflow.progress.rows import (
    Needs,
    Row,
    read_needs,
    read_needs_of_several,
    read_rows,
    read_rows_of_several,
)

from .cards import Card, DisplayStatus, Surroundings, make_card, who_waits

GROUP = 50
NEWEST_ENTRIES = 20


@dataclass(frozen=True)
class Group:
    """Up to fifty chapters that follow each other. `number` counts from 1."""

    number: int
    cards: tuple[Card, ...]

    @property
    def title(self) -> str:
        """Name it by its first and last chapter."""
        return f"{self.cards[0].number:,} to {self.cards[-1].number:,}"


def count_looks(looks: Iterable[DisplayStatus]) -> list[tuple[DisplayStatus, int]]:
    """Return how many there are of each look that occurs."""
    counted = Counter(looks)
    return [(look, counted[look]) for look in DisplayStatus if counted[look]]


@dataclass(frozen=True)
class Board:
    """A session as its board shows it; `rows` and `cards` are by chapter number, ascending.

    `entries` are the newest ones of what happened, oldest first. `session` is read with its version and book.
    """

    session: ProcessingSession
    rows: Mapping[int, Row]
    needs: Needs
    entries: tuple[Entry, ...]
    blocked: Mapping[int, tuple[int, ...]]
    cards: Mapping[int, Card]

    @property
    def seq(self) -> int:
        """The number of the newest Event that it shows."""
        return self.session.event_seq

    @property
    def is_large(self) -> bool:
        """Whether it has tiles of fifty chapters instead of a tile for each."""
        return len(self.cards) > GROUP

    @cached_property
    def counts(self) -> Counter[DisplayStatus]:
        """How many chapters there are of each look."""
        return Counter(card.look for card in self.cards.values())

    @cached_property
    def groups(self) -> list[Group]:
        """The chapters in groups of fifty."""
        cards = list(self.cards.values())
        return [
            Group(index + 1, tuple(cards[start : start + GROUP]))
            for index, start in enumerate(range(0, len(cards), GROUP))
        ]

    def first(self, look: DisplayStatus) -> Card | None:
        """Return the first chapter of this look."""
        return next((card for card in self.cards.values() if card.look is look), None)

    def with_changes(
        self, session: ProcessingSession, changed: Sequence[Row], entries: Sequence[Entry]
    ) -> "Board":
        """Return the board after `changed` rows. Costs their number, unless what is blocked may change: then all."""
        newer = replace(
            self,
            session=session,
            rows={**self.rows, **{row.number: row for row in changed}},
            entries=(*self.entries, *entries)[-NEWEST_ENTRIES:],
        )
        if any(self._may_block(row, session) for row in changed):
            return newer.worked_out()
        around = _surroundings(session, self.needs, self.blocked)
        return replace(newer, cards={**self.cards, **{row.number: make_card(row, around) for row in changed}})

    def worked_out(self) -> "Board":
        """Return the board with what is blocked, and with every card, worked out from its rows."""
        holds = self.session.on_failure == OnFailure.HOLD
        blocked = find_blocked(self.rows.values(), self.needs) if holds else {}
        around = _surroundings(self.session, self.needs, blocked)
        return replace(
            self, blocked=blocked, cards={number: make_card(row, around) for number, row in self.rows.items()}
        )

    def _may_block(self, row: Row, session: ProcessingSession) -> bool:
        failing = ItemStatus.FAILED in {row.status, self.rows[row.number].status}
        return failing or (row.status == ItemStatus.PENDING and session.failed_count > 0)


def read_board(session: ProcessingSession) -> Board:
    """Read what the board shows, in three queries. `session` must have been read before, with version and book:
    then the board shows at least all that the session's `event_seq` counts."""
    rows = {row.number: row for row in read_rows(session.pk)}
    entries = read_entries(session.pk, newest=NEWEST_ENTRIES)
    empty = Board(session, rows, read_needs(session.pk), tuple(entries), {}, {})
    return empty.worked_out()


def read_boards(sessions: Iterable[ProcessingSession]) -> dict[UUID, Board]:
    """Read the boards of several sessions, without what happened, in two queries, however many they are."""
    listed = {session.pk: session for session in sessions}
    if not listed:
        return {}
    needs = read_needs_of_several(listed)
    return {
        pk: Board(listed[pk], {row.number: row for row in rows}, needs[pk], (), {}, {}).worked_out()
        for pk, rows in read_rows_of_several(listed).items()
    }


def _surroundings(
    session: ProcessingSession, needs: Needs, blocked: Mapping[int, tuple[int, ...]]
) -> Surroundings:
    version = session.version
    chapter_url, action_url = _addresses(version.book.book_id, version.number, session.pk)
    return Surroundings(
        needs=needs,
        blocked=blocked,
        holds=who_waits(blocked),
        chapter_url=chapter_url,
        action_url=action_url,
        is_skipping=session.on_failure == OnFailure.SKIP and session.status != SessionStatus.FAILED,
        can_retry=session.status != SessionStatus.CANCELLED,
        writers=tuple(allowed_writers()) if session.failed_count else (),
        writer=session.writer,
    )


@lru_cache
def _addresses(book_id: str, number: int, session_id: UUID) -> tuple[str, str]:
    """Return the addresses of chapters and of what can be done to them, up to the chapter's number."""
    chapter = reverse("chapter", kwargs={"book_id": book_id, "number": number, "chapter": 0})
    retry = reverse("chapter_retry", kwargs={"session_id": session_id, "chapter": 0})
    return chapter.removesuffix("0/"), retry.removesuffix("0/retry/")
