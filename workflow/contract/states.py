"""The states of items and sessions and every allowed move: pure tables, no database."""

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import TextChoices


class ItemStatus(TextChoices):
    """The state of one chapter in a session."""

    PENDING = "pending", "Pending"
    IN_PROGRESS = "in_progress", "In progress"
    GENERATED = "generated", "Generated"
    HARMONIZED = "harmonized", "Harmonized"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


class SessionStatus(TextChoices):
    """The state of one run over a version."""

    INITIALIZED = "initialized", "Initialized"
    PROCESSING = "processing", "Processing"
    HARMONIZING = "harmonizing", "Harmonizing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class OnFailure(TextChoices):
    """What happens to the chapters that depend on a failed one."""

    HOLD = "hold", "Hold what depends on it"
    SKIP = "skip", "Go on without it"


class PauseReason(TextChoices):
    """Why a session is paused that no person has paused."""

    BUDGET = "budget", "The next call would pass the budget"


class Phase(StrEnum):
    """What a session is at, in the order of the stage strip."""

    WRITING = "writing"
    HARMONIZING = "harmonizing"
    QUESTIONS = "questions"
    DONE = "done"


WRITTEN = frozenset({ItemStatus.GENERATED, ItemStatus.HARMONIZED, ItemStatus.COMPLETED})
HARMONIZED_OR_LATER = frozenset({ItemStatus.HARMONIZED, ItemStatus.COMPLETED})
# The statuses of items that each counter of a session counts.
COUNTED: Mapping[str, frozenset[ItemStatus]] = {
    "written_count": WRITTEN,
    "harmonized_count": HARMONIZED_OR_LATER,
    "failed_count": frozenset({ItemStatus.FAILED}),
}
UNFINISHED = frozenset({SessionStatus.INITIALIZED, SessionStatus.PROCESSING, SessionStatus.HARMONIZING})

ITEM_MOVES: frozenset[tuple[ItemStatus, ItemStatus]] = frozenset(
    {
        (ItemStatus.PENDING, ItemStatus.IN_PROGRESS),
        (ItemStatus.IN_PROGRESS, ItemStatus.GENERATED),
        (ItemStatus.IN_PROGRESS, ItemStatus.PENDING),
        (ItemStatus.IN_PROGRESS, ItemStatus.FAILED),
        (ItemStatus.IN_PROGRESS, ItemStatus.HARMONIZED),
        (ItemStatus.IN_PROGRESS, ItemStatus.COMPLETED),
        (ItemStatus.FAILED, ItemStatus.PENDING),
        (ItemStatus.GENERATED, ItemStatus.HARMONIZED),
        (ItemStatus.HARMONIZED, ItemStatus.COMPLETED),
        (ItemStatus.GENERATED, ItemStatus.PENDING),
        (ItemStatus.HARMONIZED, ItemStatus.PENDING),
        (ItemStatus.COMPLETED, ItemStatus.PENDING),
        # What was asked for again is not wanted any more.
        (ItemStatus.PENDING, ItemStatus.GENERATED),
        (ItemStatus.PENDING, ItemStatus.HARMONIZED),
        (ItemStatus.PENDING, ItemStatus.COMPLETED),
    }
)

SESSION_MOVES: frozenset[tuple[SessionStatus, SessionStatus]] = frozenset(
    {
        (SessionStatus.INITIALIZED, SessionStatus.PROCESSING),
        (SessionStatus.PROCESSING, SessionStatus.HARMONIZING),
        (SessionStatus.HARMONIZING, SessionStatus.COMPLETED),
        (SessionStatus.PROCESSING, SessionStatus.FAILED),
        (SessionStatus.HARMONIZING, SessionStatus.FAILED),
        (SessionStatus.FAILED, SessionStatus.PROCESSING),
        (SessionStatus.FAILED, SessionStatus.HARMONIZING),
        (SessionStatus.HARMONIZING, SessionStatus.PROCESSING),
        (SessionStatus.COMPLETED, SessionStatus.PROCESSING),
        (SessionStatus.INITIALIZED, SessionStatus.CANCELLED),
        (SessionStatus.PROCESSING, SessionStatus.CANCELLED),
        (SessionStatus.HARMONIZING, SessionStatus.CANCELLED),
        (SessionStatus.FAILED, SessionStatus.CANCELLED),
        (SessionStatus.CANCELLED, SessionStatus.PROCESSING),
    }
)
