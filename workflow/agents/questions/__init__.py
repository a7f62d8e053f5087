"""The rule-based questioner: what a book's sources leave open. Pure: no Django, no database, no model."""

from .ask import ask_questions
from .records import CATEGORIES, Question

__all__ = ["CATEGORIES", "Question", "ask_questions"]
