"""Consults a phase's language model, batch by batch, within a part of the phase's time, and stores each answer.

It cannot fail the phase: where the model fails, the rules' result stands, and an Event says why.
"""

import hashlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from django.conf import settings

from workflow.agents.llm import Watch
from workflow.agents.llm.structured import Adviser
from workflow.contract.agent_types import AgentError
from workflow.contract.events import EventKind
from workflow.contract.failures import Failure
from workflow.engine.budget.tally import spent
from workflow.engine.claims import Claim
from workflow.engine.runs.attempts import AgentRun, AttemptFailed, LeaseLost, Stopped
from workflow.engine.runs.waiting import until_answered
from workflow.models import Attempt, AttemptOutcome
from workflow.transitions import LostRace, SessionTransaction, session_transaction

logger = logging.getLogger(__name__)

# The rest is for the rules, and for putting together what both have found.
SHARE_OF_TIME = 0.5
LEAST_SECONDS = 1.0
# The call has a deadline of its own; the watching thread ends only one that passes it.
TEARDOWN_SECONDS = 5.0
ADVICE = "advice"


class Matter(Protocol):
    """One thing to ask about. `key` is the same for the same thing in the same texts."""

    @property
    def key(self) -> str: ...


Asked = TypeVar("Asked", bound=Matter)
Batch = tuple[Asked, ...]
Answers = Mapping[str, object]


class PhaseTime:
    """The time of a phase, from its start: all of it, and the part in which its model may be asked."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until the phase must end."""
        return max(LEAST_SECONDS, self._start + settings.CHAPTERFLOW_ATTEMPT_SECONDS - time.monotonic())

    @property
    def of_model(self) -> float:
        """When (monotonic) the last answer of the model must be there."""
        return self._start + SHARE_OF_TIME * settings.CHAPTERFLOW_ATTEMPT_SECONDS


@dataclass
class Advice:
    """What the model has said, by the matters' keys. `failure` says why it did not say everything."""

    answers: dict[str, object] = field(default_factory=dict)
    failure: AgentError | None = None
    closed: str = ""

    def as_json(self, asked: int) -> dict[str, object]:
        """Return it as the attempt keeps it; `asked` counts all matters."""
        failure = (
            {"code": self.failure.code.value, "message": self.failure.message[:500]} if self.failure else None
        )
        return {"answers": self.answers, "failure": failure, "closed": self.closed, "asked": asked}


@dataclass(frozen=True)
class Consultation(Generic[Asked]):
    """What is asked of whom: `cut` makes batches of matters, `ask` asks about one and returns answers by key."""

    claim: Claim
    models: Sequence[str]
    until: float
    cut: Callable[[Iterable[Asked]], Iterable[Batch[Asked]]]
    ask: Callable[[Adviser, Batch[Asked], Watch], Answers]

    def about(self, matters: Sequence[Asked], waiting: Iterable[Asked]) -> Advice:
        """Ask about those of the `waiting` matters that have no answer yet, until it fails or time is over.

        A phase that is done again after a crash asks nothing twice, and nothing at all once asking was over: what
        is stored already rests on it. Raises LeaseLost, Stopped or LostRace.
        """
        digest = _digest(matter.key for matter in matters)
        advice = until_answered(self.claim, lambda: _kept(self.claim, digest))
        # The same matters in the same texts: another answer now would contradict chapters that are stored already.
        if advice.closed == digest:
            self._keep(advice, len(matters))
            return advice
        open_matters = [matter for matter in waiting if matter.key not in advice.answers]
        self._ask_all(deque(self.cut(open_matters)), advice, len(matters))
        advice.closed = digest
        self.close(advice, len(matters))
        return advice

    def close(self, advice: Advice, asked: int) -> None:
        """Keep that asking is over, with an Event where the model did not say everything. Raises LostRace."""
        until_answered(self.claim, lambda: self._close(advice, asked))

    def _ask_all(self, batches: "deque[Batch[Asked]]", advice: Advice, asked: int) -> None:
        adviser = Adviser(self.models, self.until)
        while batches and advice.failure is None:
            batch = batches.popleft()
            try:
                advice.answers.update(self._ask_one(adviser, batch))
            except AttemptFailed as failed:
                # Our estimate of tokens can be too low; halves fit where the whole does not.
                if failed.error.code is Failure.CONTEXT_TOO_LONG and len(batch) > 1:
                    half = len(batch) // 2
                    batches.extendleft((batch[half:], batch[:half]))
                    continue
                logger.info("%s: the model does not help: %s", self.claim.label, failed.error.code)
                advice.failure = failed.error
            except (LeaseLost, Stopped):
                self._keep(advice, asked)
                raise
            # After each batch: what is answered is paid for, and must outlive a crash.
            self._keep(advice, asked)

    def _ask_one(self, adviser: Adviser, batch: Batch[Asked]) -> Answers:
        if adviser.seconds_left < LEAST_SECONDS:
            raise AttemptFailed(
                AgentError(Failure.TIMEOUT, "the time for it was over before it was done"), ""
            )
        run = AgentRun(
            self.claim,
            lambda on_text: self.ask(adviser, batch, watch),
            adviser.seconds_left + TEARDOWN_SECONDS,
        )
        watch = Watch(run.is_cancelled, note_usage=self.claim.attempt.usage.update, clear=run.clear)
        return run.watch()

    def _keep(self, advice: Advice, asked: int) -> None:
        """Keep what was said and what it cost with the attempt, even where the phase fails later."""
        until_answered(self.claim, lambda: self._store(advice, asked))

    def _store(self, advice: Advice, asked: int) -> None:
        with session_transaction(self.claim.session.pk, "store_advice") as tx:
            self._store_in(tx, advice, asked)

    def _store_in(self, tx: SessionTransaction, advice: Advice, asked: int) -> None:
        attempt = self.claim.attempt
        attempt.context[ADVICE] = advice.as_json(asked)
        columns = {"context": attempt.context, **spent(tx, self.claim)}
        Attempt.objects.filter(pk=attempt.pk).update(**columns)

    def _close(self, advice: Advice, asked: int) -> None:
        with session_transaction(self.claim.session.pk, "close_advice") as tx:
            if tx.session.token != self.claim.token:
                raise LostRace(self.claim.label)
            self._store_in(tx, advice, asked)
            if advice.failure is not None:
                detail = {
                    "phase": self.claim.phase.value,
                    "code": advice.failure.code.value,
                    "message": advice.failure.message[:500],
                    "asked": asked,
                    "answered": len(advice.answers),
                }
                tx.record(EventKind.MODEL_FAILED, attempt=self.claim.attempt.number, detail=detail)


def _digest(keys: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:32]


def _kept(claim: Claim, digest: str) -> Advice:
    """Return what the same model has said in earlier attempts at this phase.

    That asking was over counts only for attempts that did not end well: after one that did, it begins anew.
    """
    attempts = Attempt.objects.filter(
        session=claim.session, phase=claim.phase.value, agent=claim.attempt.agent
    )
    advice = Advice()
    for attempt in attempts.exclude(pk=claim.attempt.pk).order_by("started_at"):
        kept = attempt.context.get(ADVICE) if isinstance(attempt.context, dict) else None
        if not isinstance(kept, dict):
            continue
        answers = kept.get("answers")
        advice.answers.update(answers if isinstance(answers, dict) else {})
        is_open = attempt.outcome == AttemptOutcome.SUCCEEDED or kept.get("closed") != digest
        advice.closed = "" if is_open else digest
        advice.failure = None if is_open else _failure_in(kept.get("failure"))
    return advice


def _failure_in(kept: object) -> AgentError | None:
    code = kept.get("code") if isinstance(kept, dict) else None
    if not isinstance(kept, dict) or not isinstance(code, str) or code not in set(Failure):
        return None
    return AgentError(Failure(code), str(kept.get("message") or ""))
