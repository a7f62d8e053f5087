"""Runs an agent in a thread of its own, and watches it: takes in its text, sees a cancel, a time limit and a stop."""

import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Generic, TypeVar

from django.conf import settings
from django.db import connections

from books.text.storable import clean
from workflow.agents.llm import RESET, Quote
from workflow.contract.agent_types import AgentCancelled, AgentError, OnText
from workflow.contract.failures import Failure
from workflow.engine.budget.budget_gate import BudgetGate
from workflow.engine.budget.tally import Offer
from workflow.engine.claims import Claim
from workflow.models import ProcessingSession
from workflow.notify import local
from workflow.transitions import LostRace

from .keeper import ClaimKeeper
from .waiting import Steps, run_alone

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
# How often what agents have written is taken in: they wake nobody for a word.
TICK_SECONDS = 0.1
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
    """One run of an agent, in a thread that touches no database, watched by another one.

    Only the watching thread keeps the state of the run: what the agent's thread says goes through a queue, without
    locks. A watching thread of many runs gives each of them its ClaimKeeper.
    """

    def __init__(
        self,
        claim: Claim,
        work: Callable[[OnText], Result],
        seconds: float | None = None,
        keeper: ClaimKeeper | None = None,
    ) -> None:
        self._claim = claim
        self._seconds = settings.CHAPTERFLOW_ATTEMPT_SECONDS if seconds is None else seconds
        self._work = work
        self._keeper = keeper or ClaimKeeper()
        self._texts: queue.SimpleQueue[str | Offer | None] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._result: list[Result] = []
        self._error: BaseException | None = None
        self._written: list[str] = []
        self._room = LONGEST_PARTIAL_TEXT
        self._has_news = False
        self._budget_gate = BudgetGate(claim, self._ask, self._cancelled)

    def watch(self) -> Result:
        """Do as `steps`, in this thread."""
        return run_alone(self.steps(), self._keeper.news)

    def steps(self) -> Steps[Result]:
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
            with self._keeper.holding(self._claim), self._storing_text():
                yield from self._until_end()
        finally:
            self._cancelled.set()
            # Calls that were sent cost money however the attempt ends.
            self._budget_gate.close(self.text)
        return self._outcome()

    def _storing_text(self) -> AbstractContextManager[None]:
        # A phase has no chapter whose text anybody could look at.
        if self._claim.item is None:
            return nullcontext()
        return self._keeper.storing_text(self._claim, lambda: self.text)

    def _until_end(self) -> Steps[None]:
        """Take in text and keep the claim until the agent has ended. Raises what must end it."""
        deadline = time.monotonic() + self._seconds
        while self._is_running():
            self._answer_agent()
            if time.monotonic() >= deadline:
                said = f"no result after {self._seconds:.0f} seconds"
                raise AttemptFailed(AgentError(Failure.TIMEOUT, said), self.text)
            self._keeper.look()
            if self._keeper.is_lost(self._claim):
                raise LeaseLost(self.text)
            if self._keeper.must_stop:
                raise Stopped(self.text)
            self._send_preview()
            yield TICK_SECONDS

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
                self._keeper.news.set()

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

    def _ask(self, question: Offer) -> None:
        """Queue the question, which keeps the agent waiting. Called in the agent's thread."""
        self._texts.put(question)
        self._keeper.news.set()

    def _is_running(self) -> bool:
        """Take in what the agent has said. Returns False once it has ended."""
        end = time.monotonic() + TICK_SECONDS
        try:
            # An agent that writes without a pause must not keep the watch from its clock.
            while time.monotonic() < end:
                said = self._texts.get_nowait()
                if said is None:
                    return False
                self._take(said)
        except queue.Empty:
            pass
        return True

    def _take(self, text: str | Offer) -> None:
        """Add the text to what is written, or begin again where the writer corrects itself."""
        if isinstance(text, Offer):
            self._budget_gate.take(text)
            return
        self._has_news = True
        if text == RESET:
            self._written.clear()
        else:
            self._written.append(text)

    def _send_preview(self) -> None:
        """Send the boards a preview of what is written, where something is new."""
        if self._claim.item is not None and self._has_news and self._written:
            self._has_news = False
            local.send_preview(str(self._claim.session.pk), self._claim.item.number, self.text)

    def _answer_agent(self) -> None:
        try:
            self._budget_gate.answer()
        except (LostRace, ProcessingSession.DoesNotExist):
            raise LeaseLost(self.text) from None

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
