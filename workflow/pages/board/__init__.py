"""Makes the plain values of a board from rows that are read once, for pages and live updates alike."""

from workflow.progress.activity import Entry, describe, describe_all, read_entries
from workflow.progress.blocked import find_blocked
from workflow.progress.estimate import Estimate, estimate_rest
from workflow.progress.rows import Row, read_needs, read_rows

from .board import Board, read_board, read_boards
from .cards import Card, DisplayStatus

__all__ = [
    "Board",
    "Card",
    "DisplayStatus",
    "Entry",
    "Estimate",
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
