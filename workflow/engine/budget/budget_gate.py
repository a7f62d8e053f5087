"""Lets an agent ask, before each call of a model, whether it fits the budget; the worker's own thread answers."""

import logging
import threading
from collections.abc import Callable

from django.db import Error as AnyDatabaseError
from django.db import connection

from chapterflow_site.core.outages import little_patience
from workflow.agents.llm import Quote, cost_of
from workflow.contract.agent_types import AgentCancelled, AgentError
from workflow.contract.failures import Failure
from workflow.engine.claims import Claim

from .tally import Offer, call_count_of, let_pass, with_calls

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
CHARACTERS_PER_TOKEN = 4


class BudgetGate:
    """The gate of one attempt. `clear` is called in the agent's thread, everything else in the worker's own.

    The agent's thread touches no database, so that a call waits until the worker's thread has reserved its cost.
    """

    def __init__(self, claim: Claim, ask: Callable[[Offer], None], cancelled: threading.Event) -> None:
        self._claim = claim
        self._ask = ask
        self._cancelled = cancelled
        self._waiting: Offer | None = None
        self._passed: list[Offer] = []
        self._has_warned = False
        self.refused: Offer | None = None

    def clear(self, quote: Quote) -> None:
        """Wait until the call may be sent. Raises AgentError(budget_exceeded) where it must not, or AgentCancelled."""
        offer = Offer(quote, cost_of(quote.model, quote.input_tokens, quote.output_tokens))
        self._ask(offer)
        while not offer.is_answered.wait(LOOK_SECONDS):
            if self._cancelled.is_set():
                raise AgentCancelled
        if offer.refusal:
            raise AgentError(Failure.BUDGET_EXCEEDED, offer.refusal)

    def take(self, offer: Offer) -> None:
        """Let the offer wait for `answer`."""
        self._waiting = offer

    def answer(self) -> None:
        """Answer the waiting offer, if there is one; a database that is locked or away is asked again later.

        Raises LostRace where the claim is no longer this worker's.
        """
        offer = self._waiting
        if offer is None:
            return
        try:
            with little_patience():
                offer.refusal = let_pass(self._claim, offer, self._unreported())
        except AnyDatabaseError:
            self._warn_once()
            connection.close()
            return
        # Reached only after the commit: what is reserved is counted whatever becomes of the call.
        self._waiting = None
        if offer.refusal:
            self.refused = offer
        else:
            self._passed.append(offer)
        offer.is_answered.set()

    def close(self, text: str) -> None:
        """Add unreported calls to the attempt's usage, by estimate; `text` is what they have written."""
        # A copy, even of nothing: the agent's thread may still add to the first one.
        usage = dict(self._claim.attempt.usage)
        received = -(-len(text) // CHARACTERS_PER_TOKEN)
        unreported = [offer.as_call(received) for offer in self._passed[call_count_of(usage) :]]
        self._claim.attempt.usage = with_calls(usage, unreported)

    def _unreported(self) -> list[Offer]:
        return self._passed[call_count_of(self._claim.attempt.usage) :]

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning("%s: a call waits, because the database does not answer", self._claim.label)
