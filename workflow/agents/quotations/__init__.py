"""The `quotations` backend: chapters of verbatim quotations, without a model, a network or a key."""

from workflow.agents.quotations.verify import verify_chapter
from workflow.agents.quotations.writer import QuotationsWriter

__all__ = ["QuotationsWriter", "make_writer", "verify_chapter"]


def make_writer() -> QuotationsWriter:
    """Return a Chapter Writer that keeps nothing between chapters and may be shared."""
    return QuotationsWriter()
