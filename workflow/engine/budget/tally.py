"""Counts what an attempt's calls of models cost, on the attempt and its session, and keeps the session to its budget.

Before a call is sent the most that it can cost is reserved, so that several workers together cannot pass the budget.
A call that was never reported counts by our own estimate.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Self
from uuid import UUID

from workflow.agents.llm import Quote
from workflow.contract.money import budget_words
from workflow.engine.claims import Claim
from workflow.models import Attempt, ChapterWorkflowItem, ProcessingSession
from workflow.models.spending import Spending
from workflow.transitions import LostRace, SessionTransaction, session_transaction

# More tokens than any call has: a `python:` writer may report anything.
MOST_TOKENS = 10**12
Call = Mapping[str, object]


@dataclass(frozen=True)
class Tally:
    """The sums of some calls; the fields are the columns of `Spending`."""

    call_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    spent_micros: int = 0
    unreported_count: int = 0
    unpriced_count: int = 0

    @classmethod
    def of(cls, row: Spending) -> Self:
        """Return the sums that an attempt or a session keeps."""
        return cls(*(getattr(row, name) for name in SUMS))

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, name) + getattr(other, name) for name in SUMS))


SUMS = tuple(Tally.__dataclass_fields__)


@dataclass(eq=False)
class Offer:
    """A call that waits to be sent, until it is answered; then `refusal` is "", or the sentence that says why not.

    `micros` is the most that it can cost, in 1/1,000,000 dollar; None if unknown.
    """

    quote: Quote
    micros: int | None
    is_answered: threading.Event = field(default_factory=threading.Event)
    refusal: str = ""

    @property
    def tokens(self) -> int:
        """The most tokens that it can take, sent and received."""
        return self.quote.input_tokens + self.quote.output_tokens

    def as_call(self, output_tokens: int | None = None, *, is_open: bool = False) -> dict[str, object]:
        """Return the call as an unreported entry of the attempt's usage, which counts by our estimate."""
        most = self.quote.output_tokens
        return {
            "model": self.quote.model,
            "input": None,
            "output": None,
            "cached": None,
            "estimated_input": self.quote.input_tokens,
            "estimated_output": most if output_tokens is None else min(most, output_tokens),
            "cost_micros": self.micros,
            **({"open": True} if is_open else {}),
        }


def tally_of(usage: Mapping[str, object]) -> Tally:
    """Add up the calls of a usage as agents report it; one without a list of calls counts as one call."""
    calls = usage.get("calls")
    if isinstance(calls, list):
        return sum(map(_tally_of_call, _calls(usage)), Tally())
    into, out = _tokens(usage.get("input_tokens")), _tokens(usage.get("output_tokens"))
    if into is None and out is None:
        return Tally()
    return Tally(1, into or 0, out or 0, _tokens(usage.get("cached_tokens")) or 0, 0, 0, 1)


def _tally_of_call(call: Call) -> Tally:
    reported = _tokens(call.get("input"))
    into = (_tokens(call.get("estimated_input")) or 0) if reported is None else reported
    out = _tokens(call.get("output"))
    out = (_tokens(call.get("estimated_output")) or 0) if out is None else out
    micros = _tokens(call.get("cost_micros"))
    is_billed = bool(into or out)
    return Tally(
        call_count=1,
        input_tokens=into,
        output_tokens=out,
        cached_tokens=_tokens(call.get("cached")) or 0,
        spent_micros=micros or 0,
        unreported_count=int(reported is None and is_billed),
        unpriced_count=int(micros is None and is_billed),
    )


def _tokens(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if isinstance(value, int) and is_number else None


def with_calls(usage: Mapping[str, object], more: Sequence[Call]) -> dict[str, object]:
    """Return the usage with the unreported calls `more` added."""
    if not more:
        return dict(usage)
    calls = [*_calls(usage), *more]
    return {
        **usage,
        "model": more[-1]["model"],
        "requests": len(calls),
        "not_reported": sum(call.get("input") is None for call in calls),
        "calls": [dict(call) for call in calls],
    }


def call_count_of(usage: Mapping[str, object]) -> int:
    """Return how many calls the usage lists."""
    return len(_calls(usage))


def _calls(usage: Mapping[str, object]) -> list[Call]:
    calls = usage.get("calls")
    return [call for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []


def spent(
    tx: SessionTransaction, claim: Claim, usage: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Add what the attempt spent to its session. Returns the columns to store on the attempt with its end.

    `usage` is what the agent reported in the end, by default what the attempt has. Asks the database nothing where no
    model was called.
    """
    known = claim.attempt.usage if usage is None else usage
    if tally_of(known) == Tally():
        return {"usage": dict(known)}
    return _settle(tx, claim.token, known)


def spent_unseen(tx: SessionTransaction, token: UUID) -> dict[str, object]:
    """Do the same for an attempt that ends without its worker: allowed calls without a report count as sent."""
    return _settle(tx, token, None)


def correct(claim: Claim) -> None:
    """Replace the estimate of a lost or cancelled attempt's cost by what its worker knows. Raises a database error."""
    if tally_of(claim.attempt.usage) == Tally():
        return
    with session_transaction(claim.session.pk, "correct_spending") as tx:
        columns = _settle(tx, claim.token, claim.attempt.usage)
        Attempt.objects.filter(token=claim.token).update(**columns)


def _settle(tx: SessionTransaction, token: UUID, usage: Mapping[str, object] | None) -> dict[str, object]:
    """Replace the attempt's old sums in the session's by its new ones, and release what it reserved."""
    session = tx.session
    # The stored row, not the object in memory: another process may have ended the attempt with an estimate.
    before = Attempt.objects.filter(token=token).values("usage", *SUMS).first()
    if before is None:
        return {}
    stored = before["usage"]
    closed = _closed(stored if usage is None else usage)
    tally = asdict(tally_of(closed))
    if tally != {name: before[name] for name in SUMS}:
        tx.change(**{name: getattr(session, name) - before[name] + tally[name] for name in SUMS})
    _reserve(tx, [call for call in _calls(stored) if call.get("open")], -1)
    return {**tally, "usage": closed}


def _reserve(tx: SessionTransaction, calls: Sequence[Call], sign: int) -> None:
    if not calls:
        return
    tally = sum(map(_tally_of_call, calls), Tally())
    tokens, session = tally.input_tokens + tally.output_tokens, tx.session
    tx.change(
        reserved_micros=max(0, session.reserved_micros + sign * tally.spent_micros),
        reserved_tokens=max(0, session.reserved_tokens + sign * tokens),
    )


def _closed(usage: Mapping[str, object]) -> dict[str, object]:
    if not any(call.get("open") for call in _calls(usage)):
        return dict(usage)
    calls = [{key: value for key, value in call.items() if key != "open"} for call in _calls(usage)]
    return {**usage, "calls": calls}


def let_pass(claim: Claim, offer: Offer, still_open: Sequence[Offer]) -> str:
    """Reserve the most that the call can cost. Returns "", or the sentence that says why it must not be sent.

    Raises LostRace where the claim is no longer this worker's.
    """
    with session_transaction(claim.session.pk, "let_call_pass") as tx:
        _check_claim(tx, claim)
        # First count what earlier calls really cost: their reservations are released, and may make room for this one.
        columns = _settle(tx, claim.token, claim.attempt.usage)
        open_calls = [each.as_call(is_open=True) for each in still_open]
        _reserve(tx, open_calls, 1)
        refusal = refusal_of(tx.session, offer)
        if not refusal:
            call = offer.as_call(is_open=True)
            _reserve(tx, [call], 1)
            open_calls.append(call)
        columns["usage"] = with_calls(claim.attempt.usage, open_calls)
        Attempt.objects.filter(token=claim.token).update(**columns)
    return refusal


def _check_claim(tx: SessionTransaction, claim: Claim) -> None:
    if claim.item is None:
        is_mine = tx.session.token == claim.token
    else:
        is_mine = ChapterWorkflowItem.objects.filter(pk=claim.item.pk, token=claim.token).exists()
    if not is_mine:
        raise LostRace(claim.label)


def refusal_of(session: ProcessingSession, offer: Offer) -> str:
    """Return why the call would pass the session's budget, "" where it fits."""
    limit, tokens = session.budget_micros, session.budget_tokens
    if limit is not None and offer.micros is None:
        return (
            f"The price of {offer.quote.model} is not known, so a budget of {budget_words(limit, None)} "
            "cannot be kept to."
        )
    is_over_money = (
        limit is not None
        and offer.micros is not None
        and session.spent_micros + session.reserved_micros + offer.micros > limit
    )
    used = session.input_tokens + session.output_tokens + session.reserved_tokens
    is_over_tokens = tokens is not None and used + offer.tokens > tokens
    if not is_over_money and not is_over_tokens:
        return ""
    words = budget_words(limit if is_over_money else None, tokens if is_over_tokens else None)
    return f"The next call would pass the budget of {words}."
