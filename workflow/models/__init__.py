"""The process in the database: sessions, items, attempts, events, what the harmonizer and the questioner found."""

from .attempt import Attempt, AttemptOutcome, Event
from .facts import FactEntry
from .provider import Provider
from .review import (
    ChangeStatus,
    ConsistencyRule,
    FollowUpQuestion,
    HarmonizationChange,
    Priority,
    QuestionStatus,
)
from .session import ChapterWorkflowItem, Claim, ItemDependency, ProcessingSession

__all__ = [
    "Attempt",
    "AttemptOutcome",
    "ChangeStatus",
    "ChapterWorkflowItem",
    "Claim",
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
