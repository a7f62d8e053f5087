"""Holds each thing that can be done to a session, as one function; every door calls these and nothing deeper."""

from .budget import raise_budget
from .continuing import find_started, start_or_continue
from .library import delete_book
from .nodes import start_nodes
from .providers import end_wait
from .regeneration import regenerate_chapter, regenerate_outdated, withdraw_regeneration
from .review import (
    answer_question,
    apply_change,
    ask_again,
    dismiss_change,
    dismiss_question,
    keep_change,
    switch_rule,
    undo_change,
)
from .sessions import (
    cancel_session,
    pause_session,
    resume_session,
    retry_chapter,
    retry_session,
    start_session,
)
from .writers import check_writer

__all__ = [
    "answer_question",
    "apply_change",
    "ask_again",
    "cancel_session",
    "check_writer",
    "delete_book",
    "dismiss_change",
    "dismiss_question",
    "end_wait",
    "find_started",
    "keep_change",
    "pause_session",
    "raise_budget",
    "regenerate_chapter",
    "regenerate_outdated",
    "resume_session",
    "retry_chapter",
    "retry_session",
    "start_nodes",
    "start_or_continue",
    "start_session",
    "switch_rule",
    "undo_change",
    "withdraw_regeneration",
]
