"""The `quotations` backend: chapters of verbatim quotations, without a model, a network or a key."""

from .writer import QuotationsWriter

__all__ = ["QuotationsWriter"]
