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


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and when, something is tried again without a person.

    Only a person retries after so many failed `attempts`, so many `losses` of its worker, and after a failure that is
    `not_retried`. The wait after failed attempt n is `first_wait` × `factor`ⁿ⁻¹ and up to `jitter` of that more; where
    the provider names a wait, that one, up to `longest_wait`. A rate limit counts as a failed attempt only after
    `patience`; until then the wait stops growing at attempt `last_step`.
    """

    attempts: int
    losses: int
    first_wait: timedelta
    factor: float
    jitter: float
    longest_wait: timedelta
    patience: timedelta
    last_step: int
    not_retried: frozenset[Failure]


POLICY = RetryPolicy(
    attempts=3,
    losses=3,
    first_wait=timedelta(seconds=2),
    factor=2,
    jitter=0.25,
    longest_wait=timedelta(hours=24),
    patience=timedelta(minutes=15),
    # About a minute.
    last_step=6,
    not_retried=frozenset(failure for failure, why in EXPLANATIONS.items() if not why.passes),
)


def wait_before_next(attempt: int, retry_after: float | None) -> timedelta:
    """Return the wait after failed attempt `attempt`; `retry_after` are the seconds that the provider asks for."""
    if retry_after is not None:
        return timedelta(seconds=min(retry_after, POLICY.longest_wait.total_seconds()))
    grown = POLICY.first_wait * POLICY.factor ** (attempt - 1)
    return grown * (1 + random.uniform(0, POLICY.jitter))  # noqa: S311  (spreads retries, no secret)


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

    A rate limit counts as a failed attempt only after the policy's patience: it says nothing against the chapter.
    """
    thing = claim.item or tx.session
    changes: dict[str, object] = {"error_code": error.code.value, "error_message": error.message[:2000]}
    if error.code is Failure.RATE_LIMITED:
        since = thing.rate_limited_at or tx.now
        changes["rate_limited_at"] = since
        if tx.now - since < POLICY.patience:
            changes["wait_count"] = waits = thing.wait_count + 1
            wait = wait_before_next(min(thing.attempt_count, POLICY.last_step), error.retry_after)
            until = (since + POLICY.patience).isoformat()
            detail = {"waits": waits, "patience_until": until}
            return RetryDecision(wait, changes, detail, AttemptOutcome.WAITED)
    else:
        # Another failure ends the series: the next rate limit has its own patience.
        changes["rate_limited_at"] = None
    failures = thing.retry_count + 1
    changes["retry_count"] = failures
    if error.code in POLICY.not_retried or failures >= POLICY.attempts:
        return RetryDecision(None, changes, waits_before(thing))
    return RetryDecision(wait_before_next(failures, error.retry_after), changes, waits_before(thing))
