"""Decides whether a failed attempt is retried without a person, and when."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from workflow.contract.agent_types import AgentError
from workflow.contract.failures import EXPLANATIONS, Failure
from workflow.models import AttemptOutcome
from workflow.transitions import SessionTransaction

from .claims import Claim, waits_before

MOST_ATTEMPTS = 3
MOST_LOSSES = 3
RATE_LIMIT_PATIENCE = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=24)


def wait_before_next(attempt: int, retry_after: float | None) -> timedelta:
    """Return the wait after failed attempt `attempt`: 2ⁿ s plus 0 to 25 %, or `retry_after` seconds, a day at most."""
    if retry_after is not None:
        return timedelta(seconds=min(retry_after, LONGEST_WAIT.total_seconds()))
    return timedelta(seconds=2**attempt * (1 + random.uniform(0, 0.25)))  # noqa: S311  (spreads retries, no secret)


@dataclass(frozen=True)
class RetryDecision:
    """What follows a failed attempt: `wait` until the next one, None where only a person can retry.

    `changes` are columns of the chapter or session; `detail` is what the Event says beside the failure.
    """

    wait: timedelta | None
    changes: Mapping[str, object]
    detail: Mapping[str, object]
    outcome: AttemptOutcome = AttemptOutcome.FAILED


def decide_retry(tx: SessionTransaction, claim: Claim, error: AgentError) -> RetryDecision:
    """Decide whether the failed chapter or phase is retried, and when.

    A rate limit counts as a failed attempt only after 15 minutes of waiting: it says nothing against the chapter.
    """
    thing = claim.item or tx.session
    changes: dict[str, object] = {"error_code": error.code.value, "error_message": error.message[:2000]}
    if error.code is Failure.RATE_LIMITED:
        since = thing.rate_limited_at or tx.now
        changes["rate_limited_at"] = since
        if tx.now - since < RATE_LIMIT_PATIENCE:
            changes["wait_count"] = waits = thing.wait_count + 1
            # About a minute at most where the provider names no wait.
            wait = wait_before_next(min(thing.attempt_count, 6), error.retry_after)
            until = (since + RATE_LIMIT_PATIENCE).isoformat()
            detail = {"waits": waits, "patience_until": until}
            return RetryDecision(wait, changes, detail, AttemptOutcome.WAITED)
    else:
        # Another failure ends the series: the next rate limit has its own 15 minutes.
        changes["rate_limited_at"] = None
    failures = thing.retry_count + 1
    changes["retry_count"] = failures
    if not EXPLANATIONS[error.code].passes or failures >= MOST_ATTEMPTS:
        return RetryDecision(None, changes, waits_before(thing))
    return RetryDecision(wait_before_next(failures, error.retry_after), changes, waits_before(thing))
