"""The process in the database: sessions, items, attempts, events, what the harmonizer and the questioner found."""

from .attempt import Attempt, AttemptOutcome, Event
from .claim import ClaimColumns
from .facts import FactEntry
from .item import ChapterWorkflowItem, ItemDependency
from .provider import Provider
from .review import (
    ChangeStatus,
    ConsistencyRule,
    FollowUpQuestion,
    HarmonizationChange,
    Priority,
    QuestionStatus,
)
from .session import ProcessingSession

__all__ = [
    "Attempt",
    "AttemptOutcome",
    "ChangeStatus",
    "ChapterWorkflowItem",
    "ClaimColumns",
    "ConsistencyRule",
    "Event",
    "FactEntry",
    "FollowUpQuestion",
    "HarmonizationChange",
    "ItemDependency",
    "Priority",
    "ProcessingSession",
    "Provider",
    "QuestionStatus",
]
