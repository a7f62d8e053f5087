"""What the board shows: rows read once, and plain values made of them for pages and live updates alike."""

from .activity import Entry, describe, describe_all, read_entries
from .blocked import find_blocked
from .board import Board, read_board, read_boards
from .cards import Card, Look
from .estimate import Estimate, estimate_rest
from .rows import Row, read_needs, read_rows

__all__ = [
    "Board",
    "Card",
    "Entry",
    "Estimate",
    "Look",
    "Row",
    "describe",
    "describe_all",
    "estimate_rest",
    "find_blocked",
    "read_board",
    "read_boards",
    "read_entries",
    "read_needs",
    "read_rows",
]
