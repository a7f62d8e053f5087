"""Counts attempts: how many there were, how many are left, and what the next one waits for; for all pages.

An attempt that only found that the provider asked to slow down is a wait. It counts as no attempt.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.utils.translation import ngettext

from workflow.contract.failures import Failure
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.engine.retry_policy import POLICY
from workflow.models import ProcessingSession

from .rows import Row


class Tried(Protocol):
    """A claim, or a row of one, as far as counting goes."""

    @property
    def attempt_count(self) -> int: ...
    @property
    def retry_count(self) -> int: ...
    @property
    def wait_count(self) -> int: ...
    @property
    def error_code(self) -> str: ...
    @property
    def rate_limited_at(self) -> datetime | None: ...
    @property
    def next_attempt_at(self) -> datetime | None: ...
    @property
    def finished_at(self) -> datetime | None: ...


def attempts_made(tried: Tried) -> int:
    """Return how many attempts were made, with one that is running."""
    return tried.attempt_count - tried.wait_count


def next_attempt(tried: Tried) -> str:
    """Return "attempt 2 of 3" of the attempt that comes next."""
    made = attempts_made(tried)
    return f"attempt {made + 1} of {made + tries_left(tried)}"


def running_attempt(tried: Tried) -> str:
    """Return "attempt 2 of 3" of the attempt that is running."""
    made = attempts_made(tried)
    return f"attempt {made} of {made - 1 + tries_left(tried)}"


def attempts_in_words(tried: Tried) -> str:
    """Return "3 attempts"."""
    made = attempts_made(tried)
    return ngettext("%s attempt", "%s attempts", made) % f"{made:,}"


def tries_left(tried: Tried) -> int:
    """Return how many attempts may fail before nothing more is tried by itself."""
    return max(1, POLICY.attempts - tried.retry_count)


def waits_until(tried: Tried) -> datetime | None:
    """Return until when a refusal by the provider counts as a wait; None where it waits for no provider."""
    if tried.error_code != Failure.RATE_LIMITED or not tried.rate_limited_at or not tried.next_attempt_at:
        return None
    ends = tried.rate_limited_at + POLICY.patience
    # A refusal after that was a failed attempt. A phase of a session keeps no time of its last one.
    refused_at = tried.finished_at or tried.next_attempt_at
    # The next answer counts, so a provider that asks for more time than that gets it.
    return max(ends, tried.next_attempt_at) if refused_at < ends else None


def after_the_wait(tried: Tried) -> str:
    """Say what follows when the time of waiting is over."""
    left = ngettext("%s more attempt follows", "%s more attempts follow", tries_left(tried))
    return f"That counts as no failed attempt; after that, at most {left % tries_left(tried)}."


def something_waits(session: ProcessingSession, rows: Iterable[Row]) -> bool:
    """Return whether something waits for its time or for a provider: then there is no estimate."""
    if session.status != SessionStatus.PROCESSING:
        return False
    if session.held_back_at is not None:
        return True
    return any(row.status == ItemStatus.PENDING and row.next_attempt_at for row in rows)
