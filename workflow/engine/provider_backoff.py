"""Slows providers down or speeds them up after an attempt, by what the attempt found."""

from datetime import timedelta

from workflow.agents.providers import ALL, provider_of, split
from workflow.contract.agent_types import AgentError
from workflow.contract.failures import Failure
from workflow.transitions import SessionTransaction

from .claims import Claim
from .retry_policy import POLICY, wait_before_next
from .slots.slots import slow_down, speed_up


def note_backoff(tx: SessionTransaction, claim: Claim, error: AgentError | None = None) -> None:
    """Slow down the providers that asked for it in this attempt, for all workers; speed up the others if it succeeded.

    Costs nothing where the writer calls no provider.
    """
    called = [name for name in split(claim.providers) if name != ALL]
    if not called:
        return
    waits = {provider_of(model): _wait(claim, wait) for model, wait in claim.rate_limits.items()}
    if error is not None and error.code is Failure.RATE_LIMITED and len(called) == 1:
        # A `python:` writer tells of its provider by its error alone.
        waits.setdefault(called[0], _wait(claim, error.retry_after))
    slow_down(tx, {name: wait for name, wait in waits.items() if name in called})
    if error is None:
        speed_up(tx, [name for name in called if name not in waits])


def _wait(claim: Claim, asked: float | None) -> timedelta:
    return wait_before_next(min(claim.attempt.number, POLICY.last_step), asked)
