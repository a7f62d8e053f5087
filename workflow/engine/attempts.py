"""Runs an agent in a thread of its own, and watches it: renews the lease, sees a cancel, a time limit and a stop."""

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection, connections

from books.text.storable import clean
from workflow.agents.llm import RESET, Quote
from workflow.contract.agent_types import AgentCancelled, AgentError, OnText
from workflow.contract.failures import Failure
from workflow.models import ProcessingSession
from workflow.notify import local
from workflow.processes import stopping
from workflow.transitions import LostRace

from .budget.budget_gate import BudgetGate
from .budget.tally import Offer
from .checkpoints import Checkpoints
from .claims import Claim, is_current, renew

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
TICK_SECONDS = 0.2
# How soon a cancel is seen; each look is a query for each worker.
CHECK_SECONDS = 0.5
# One renewal may fail, or come late, without the loss of the claim.
HEARTBEATS_PER_LEASE = 3
PREVIEW_SECONDS = 0.1
LONGEST_PARTIAL_TEXT = 1_000_000


class LeaseLost(Exception):
    """The claim was cancelled or taken over. `text` is what the agent had written until then."""

    def __init__(self, text: str) -> None:
        super().__init__("the claim is no longer this worker's")
        self.text = text


class Stopped(Exception):
    """The worker must stop, and the agent did not finish in time. `text` is what it had written until then."""

    def __init__(self, text: str) -> None:
        super().__init__("the worker is stopping")
        self.text = text


class AttemptFailed(Exception):
    """The agent failed with `error`. `text` is what it had written until then."""

    def __init__(self, error: AgentError, text: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.text = text


class OverBudget(Exception):
    """A chapter's next call would pass its session's budget. `text` is what had been written until then."""

    def __init__(self, offer: Offer, text: str) -> None:
        super().__init__("the next call would pass the budget")
        self.offer = offer
        self.text = text


class AgentRun(Generic[Result]):
    """One run of an agent, in a thread that touches no database, watched by the worker's own thread.

    Only the watching thread keeps the state of the run: what the agent's thread says goes through a queue, without
    locks.
    """

    def __init__(self, claim: Claim, work: Callable[[OnText], Result], seconds: float | None = None) -> None:
        self._claim = claim
        self._seconds = settings.CHAPTERFLOW_ATTEMPT_SECONDS if seconds is None else seconds
        self._work = work
        self._texts: queue.SimpleQueue[str | Offer | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._result: list[Result] = []
        self._error: BaseException | None = None
        self._written: list[str] = []
        self._room = LONGEST_PARTIAL_TEXT
        self._next_preview = 0.0
        self._checkpoints = Checkpoints(claim)
        self._budget_gate = BudgetGate(claim, self._texts.put, self._cancelled)

    def watch(self) -> Result:
        """Start the agent, wait for its end and return its result.

        Raises AttemptFailed, LeaseLost, Stopped or, for a chapter, OverBudget, each with the text written until then.
        The agent learns through `on_text` that it must stop; one that never calls it is left behind, and its result
        is dropped.
        """
        # In a copy of this thread's context, so that the agent's log lines belong to the same attempt.
        run = contextvars.copy_context().run
        # A daemon: a writer that hangs must not keep the worker from ending.
        threading.Thread(target=run, args=(self._run,), name=self._claim.label, daemon=True).start()
        try:
            self._wait_for_end()
        finally:
            self._cancelled.set()
            # Calls that were sent cost money however the attempt ends.
            self._budget_gate.close(self.text)
        return self._outcome()

    def _wait_for_end(self) -> None:
        """Take in text, renew the lease and look for a cancel, until the agent has ended. Raises what must end it."""
        self._next_preview = time.monotonic() + PREVIEW_SECONDS
        deadline = time.monotonic() + self._seconds
        next_check = time.monotonic() + CHECK_SECONDS
        heartbeat = settings.CHAPTERFLOW_LEASE_SECONDS / HEARTBEATS_PER_LEASE
        next_renewal = time.monotonic() + heartbeat
        while self._is_running():
            self._answer_agent()
            now = time.monotonic()
            if now >= deadline:
                said = f"no result after {self._seconds:.0f} seconds"
                raise AttemptFailed(AgentError(Failure.TIMEOUT, said), self.text)
            if stopping.is_overdue():
                raise Stopped(self.text)
            # A renewal is a look too: it changes no row where the claim is lost.
            if now >= next_renewal:
                next_renewal = now + heartbeat
                self._check(renew)
            elif now >= next_check:
                next_check = now + CHECK_SECONDS
                self._check(is_current)
            # A phase has no chapter whose text anybody could look at.
            if self._claim.item is not None and self._checkpoints.is_due():
                self._checkpoints.keep(self.text)

    def is_cancelled(self) -> bool:
        """Return whether the agent must stop. Called in the agent's thread while its model is silent."""
        return self._cancelled.is_set()

    def clear(self, quote: Quote) -> None:
        """Return once a call of a model may be sent. Called in the agent's thread.

        Raises AgentError(budget_exceeded) where it may not, AgentCancelled where the run has ended.
        """
        self._budget_gate.clear(quote)

    @property
    def text(self) -> str:
        """What the agent has handed over so far."""
        return "".join(self._written)

    def _run(self) -> None:
        try:
            self._result.append(self._work(self._on_text))
        except BaseException as error:
            # Raised again, as a failed attempt, in the thread that can store it.
            self._error = error
        finally:
            try:
                # Only what a writer of somebody's own opened in this thread: the worker's connection is another.
                connections.close_all()
            finally:
                # Always, and last: the watching thread takes it for the end, and reads the result then.
                self._texts.put(None)

    def _on_text(self, text: str) -> None:
        """Queue what the agent has written, a million characters at most. Called in the agent's thread.

        Raises AgentCancelled where the run has ended, which is how a writer learns to stop.
        """
        if self._cancelled.is_set():
            raise AgentCancelled
        if not isinstance(text, str):
            raise TypeError(f"on_text takes text, not {type(text).__name__}")
        if text == RESET:
            self._texts.put(RESET)
            return
        kept = clean(text[: self._room])
        if kept:
            self._room -= len(kept)
            self._texts.put(kept)

    def _is_running(self) -> bool:
        """Take in what the agent says, for one tick. Returns False once the agent has ended."""
        end = time.monotonic() + TICK_SECONDS
        try:
            text = self._texts.get(timeout=TICK_SECONDS)
            while text is not None:
                self._take(text)
                # An agent that writes without a pause must not keep the watch from its clock.
                if time.monotonic() >= end:
                    break
                text = self._texts.get_nowait()
            else:
                return False
        except queue.Empty:
            pass
        self._send_preview()
        return True

    def _take(self, text: str | Offer) -> None:
        """Add the text to what is written, or begin again where the writer corrects itself."""
        if isinstance(text, Offer):
            self._budget_gate.take(text)
        elif text == RESET:
            self._written.clear()
        else:
            self._written.append(text)

    def _send_preview(self) -> None:
        """Send the boards a preview of what is written, at most ten times a second."""
        now = time.monotonic()
        if self._claim.item is not None and self._written and now >= self._next_preview:
            self._next_preview = now + PREVIEW_SECONDS
            local.send_preview(str(self._claim.session.pk), self._claim.item.number, self.text)

    def _answer_agent(self) -> None:
        try:
            self._budget_gate.answer()
        except (LostRace, ProcessingSession.DoesNotExist):
            raise LeaseLost(self.text) from None

    def _check(self, ask: Callable[[Claim], bool]) -> None:
        """Raise LeaseLost where the database answers that the claim is not ours; an outage is no answer."""
        try:
            mine = ask(self._claim)
        except AnyDatabaseError:
            logger.warning("%s: the database does not answer; the writing goes on", self._claim.label)
            connection.close()
            return
        if not mine:
            raise LeaseLost(self.text)

    def _outcome(self) -> Result:
        if self._error is None:
            return self._result[0]
        is_over = isinstance(self._error, AgentError) and self._error.code is Failure.BUDGET_EXCEEDED
        if is_over and self._budget_gate.refused and self._claim.item is not None:
            raise OverBudget(self._budget_gate.refused, self.text)
        if isinstance(self._error, AgentError):
            raise AttemptFailed(self._error, self._error.text or self.text)
        logger.error("%s: the agent broke", self._claim.label, exc_info=self._error)
        failure = AgentError(Failure.INTERNAL_ERROR, f"{type(self._error).__name__}: {self._error}")
        raise AttemptFailed(failure, self.text)
