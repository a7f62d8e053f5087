"""The `quotations` backend: chapters of verbatim quotations, without a model, a network or a key."""

from collections.abc import Callable

from workflow.contract.agent_types import JSON

from .verify import verify_chapter
from .writer import QuotationsWriter

__all__ = ["QuotationsWriter", "make_writer", "verify_chapter"]


def make_writer(note_context: Callable[[JSON], None] | None = None) -> QuotationsWriter:
    """Return a Chapter Writer that keeps nothing between chapters; `note_context` is told what it leaves out."""
    return QuotationsWriter(note_context)
