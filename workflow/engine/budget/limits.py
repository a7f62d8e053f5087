"""Reads, checks and suggests the budgets of sessions."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.conf import settings

from chapterflow_site.core.exceptions import Invalid
from workflow.agents.llm import has_price, is_model, split_models
from workflow.agents.orchestrator import PYTHON
from workflow.contract.money import (
    LARGEST_DOLLARS,
    MICROS,
    budget_words,
    dollars_of,
    micros_of,
    parse_dollars,
    parse_tokens,
)
from workflow.models import ProcessingSession

MEASURED_AT_LEAST = 2
_NO_AMOUNT = "A budget in money is an amount in US dollars, such as 5 or 2.50."
_NO_COUNT = "A budget in tokens is a whole number, such as 200000."


@dataclass(frozen=True)
class Limits:
    """The most that a session may spend: millionths of a dollar, tokens sent and received; None is no limit."""

    micros: int | None = None
    tokens: int | None = None

    def __bool__(self) -> bool:
        return self.micros is not None or self.tokens is not None

    def __str__(self) -> str:
        return budget_words(self.micros, self.tokens)

    @classmethod
    def of(cls, session: ProcessingSession) -> "Limits":
        """Return the limits of a session."""
        return cls(session.budget_micros, session.budget_tokens)

    @property
    def dollars(self) -> str:
        """The amount as the field of a form takes it: "7.50"; "" where it is not limited."""
        if self.micros is None:
            return ""
        dollars = dollars_of(self.micros)
        return f"{dollars:.2f}" if dollars == round(dollars, 2) else f"{dollars.normalize():f}"


def read_limits(dollars: str, tokens: str) -> Limits:
    """Return the limits that a person typed. Raises Invalid where a field holds something that is no amount."""
    micros = parse_dollars(dollars) if dollars.strip() else None
    count = parse_tokens(tokens) if tokens.strip() else None
    if dollars.strip() and micros is None:
        raise Invalid("budget_unreadable", _NO_AMOUNT)
    if tokens.strip() and count is None:
        raise Invalid("budget_unreadable", _NO_COUNT)
    return Limits(micros, count)


def limits_of(dollars: Decimal | None, tokens: int | None) -> Limits:
    """Return the limits that a program gives. Raises Invalid for an amount that is out of range."""
    if dollars is not None and not 0 < dollars <= LARGEST_DOLLARS:
        raise Invalid("budget_unreadable", _NO_AMOUNT)
    if tokens is not None and tokens < 1:
        raise Invalid("budget_unreadable", _NO_COUNT)
    return Limits(micros_of(dollars) if dollars is not None else None, tokens)


def default_limits(writer: str) -> Limits:
    """Return the installation's limits for sessions of this writer; none where it calls no model. Raises Invalid."""
    dollars, tokens = settings.CHAPTERFLOW_BUDGET
    return limits_of(dollars, tokens) if is_model(writer) else Limits()


def check_limits(limits: Limits, writer: str) -> Limits:
    """Return the limits. Raises Invalid where this writer cannot be kept to them."""
    if limits and writer.startswith(PYTHON):
        raise Invalid(
            "budget_not_kept",
            "A writer of your own does not ask before it spends, so it cannot be kept to a budget.",
        )
    unknown = unpriced(writer)
    if limits.micros is not None and unknown:
        raise Invalid(
            "price_unknown",
            f"The price of {' and '.join(unknown)} is not known, so a budget of {budget_words(limits.micros, None)} "
            "cannot be kept to. Set a number of tokens instead, or state the price in CHAPTERFLOW_PRICES.",
        )
    return limits


def unpriced(writer: str) -> list[str]:
    """Return the models of the writer for which no price is known."""
    return [name for name in split_models(writer) if not has_price(name)] if is_model(writer) else []


def suggested(session: ProcessingSession) -> Limits:
    """Return limits with which the rest of the book will probably be written; None where there is no limit.

    For each missing chapter 1.2 times the mean cost of those that are written; at least what the refused call needs,
    and 1.5 times the present limit. Rounded up to two figures.
    """
    used = session.input_tokens + session.output_tokens + session.reserved_tokens
    return Limits(
        _raised(
            session.budget_micros,
            session.spent_micros,
            session.spent_micros + session.reserved_micros + (session.refused_micros or 0),
            session,
            unit=MICROS // 100,
        ),
        _raised(
            session.budget_tokens,
            session.input_tokens + session.output_tokens,
            used + session.refused_tokens,
            session,
            unit=1_000,
        ),
    )


def _raised(
    limit: int | None, spent: int, needed: int, session: ProcessingSession, *, unit: int
) -> int | None:
    if limit is None:
        return None
    rest = 0
    if session.written_count >= MEASURED_AT_LEAST:
        missing = session.total_chapters - session.written_count
        rest = spent * missing * 6 // (session.written_count * 5)
    amount = Decimal(max(limit * 3 // 2, needed, spent + rest))
    step = Decimal(10) ** max(amount.adjusted() - 1, 0)
    rounded = int((amount / step).to_integral_value(ROUND_CEILING) * step)
    return -(-rounded // unit) * unit


def rest_micros(session: ProcessingSession) -> int | None:
    """Return what the missing chapters will cost if they cost as much as the written ones; None if not known."""
    missing = session.total_chapters - session.written_count
    is_known = session.written_count >= MEASURED_AT_LEAST and not session.unpriced_count
    if not is_known or not missing or not session.spent_micros:
        return None
    return session.spent_micros * missing // session.written_count
