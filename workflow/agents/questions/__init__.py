"""The rule-based questioner: what a book's sources leave open. Pure: no Django, no database, no model."""

from workflow.agents.questions.ask import ask_questions
from workflow.agents.questions.types import CATEGORIES, Question

__all__ = ["CATEGORIES", "Question", "ask_questions"]
