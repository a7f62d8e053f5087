"""Chooses what a board shows above its list: failures that wait for the person, and chapters in progress."""

from collections.abc import Sequence
from typing import NamedTuple

from .board import Board
from .cards import Card, DisplayStatus

SHOWN_AT_MOST = 8


class Lane(NamedTuple):
    """Some cards, and how many more there are of their kind."""

    cards: tuple[Card, ...] = ()
    more: int = 0

    @property
    def total(self) -> int:
        """How many there are in all."""
        return len(self.cards) + self.more

    @property
    def numbers(self) -> frozenset[int]:
        """The chapters that it shows."""
        return frozenset(card.number for card in self.cards)


def needs_you(board: Board) -> Lane:
    """Return the failed chapters, those first that hold up most."""
    if not board.counts[DisplayStatus.FAILED]:
        return Lane()
    failed = [card for card in board.cards.values() if card.look is DisplayStatus.FAILED]
    return _some(sorted(failed, key=lambda card: (-_held_up(card), card.number)))


def written_now(board: Board) -> Lane:
    """Return the chapters that are being written, and after them those that are tried again by themselves."""
    if not board.counts[DisplayStatus.IN_PROGRESS] and not board.counts[DisplayStatus.RETRY]:
        return Lane()
    running = [card for card in board.cards.values() if card.look is DisplayStatus.IN_PROGRESS]
    return _some(running + [card for card in board.cards.values() if card.look is DisplayStatus.RETRY])


def _held_up(card: Card) -> int:
    return card.notice.holds.total if card.notice else 0


def _some(cards: Sequence[Card]) -> Lane:
    return Lane(tuple(cards[:SHOWN_AT_MOST]), max(0, len(cards) - SHOWN_AT_MOST))
