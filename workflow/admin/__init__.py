"""The process in the admin: rows are looked at, and changed only by actions, which call what the pages call."""

from .content import BookAdmin, BookVersionAdmin, ChapterAdmin
from .history import AttemptAdmin, EventAdmin, FactEntryAdmin
from .items import ChapterWorkflowItemAdmin, ItemDependencyAdmin
from .providers import ProviderAdmin
from .queue import FailureAdmin, OrmQAdmin, ScheduleAdmin, SuccessAdmin
from .review import ConsistencyRuleAdmin, FollowUpQuestionAdmin, HarmonizationChangeAdmin
from .sessions import ProcessingSessionAdmin

__all__ = [
    "AttemptAdmin",
    "BookAdmin",
    "BookVersionAdmin",
    "ChapterAdmin",
    "ChapterWorkflowItemAdmin",
    "ConsistencyRuleAdmin",
    "EventAdmin",
    "FactEntryAdmin",
    "FailureAdmin",
    "FollowUpQuestionAdmin",
    "HarmonizationChangeAdmin",
    "ItemDependencyAdmin",
    "OrmQAdmin",
    "ProcessingSessionAdmin",
    "ProviderAdmin",
    "ScheduleAdmin",
    "SuccessAdmin",
]
