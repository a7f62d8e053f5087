"""Says what a session spends, for its board: tokens, cost, budget, and the notice when the budget is reached."""

from dataclasses import dataclass

from workflow.agents.llm import is_model
from workflow.contract.money import money
from workflow.engine.budget.limits import Limits, rest_micros, suggested
from workflow.models import ProcessingSession

from .spending import Spent, budget_of, number, of_session


@dataclass(frozen=True)
class SpendingShown:
    """The panel: pairs of name and value, and what is only estimated of it."""

    facts: tuple[tuple[str, str], ...]
    doubt: str


def usage_of(session: ProcessingSession) -> SpendingShown | None:
    """Return the panel; None for a session that calls no model and is kept to no budget."""
    spent = of_session(session)
    if not spent.has_calls and not is_model(session.writer) and not budget_of(session):
        return None
    facts = [("Tokens in", spent.sent), ("Tokens out", spent.received)]
    if spent.cached:
        facts.insert(1, ("of these from a cache", spent.cached))
    facts.append(("Cost", _cost(session, spent)))
    if session.budget_tokens is not None:
        used = session.input_tokens + session.output_tokens
        facts.append(("Budget", f"{number(used)} of {number(session.budget_tokens)} tokens"))
    rest = rest_micros(session)
    if rest:
        facts.append(("The rest, as it goes", f"about {money(rest)}"))
    return SpendingShown(tuple(facts), spent.doubt)


def _cost(session: ProcessingSession, spent: Spent) -> str:
    limit = session.budget_micros
    return f"{spent.cost} of {money(limit)}" if limit is not None else spent.cost


def raising(session: ProcessingSession) -> Limits | None:
    """Return what the form begins with that raises a reached budget; None where raising it would not help."""
    return suggested(session) if session.is_over_budget and not _has_no_price(session) else None


def budget_notice(session: ProcessingSession) -> tuple[str, str]:
    """Return heading and text of the notice that its budget has paused the session."""
    if _has_no_price(session):
        return (
            "Paused: the price of the next call is not known",
            f"So a budget of {budget_of(session)} cannot be kept to. State the price in CHAPTERFLOW_PRICES, "
            "then resume.",
        )
    return (
        f"Paused: the next call would pass the budget of {budget_of(session)}",
        f"{_needs(session)} What is being written is finished first, and what is written is kept.",
    )


def _needs(session: ProcessingSession) -> str:
    if session.budget_micros is not None and session.refused_micros is not None:
        spent = money(session.spent_micros)
        return f"{spent} is spent, and the call may cost up to {money(session.refused_micros)}."
    used = number(session.input_tokens + session.output_tokens)
    return f"{used} tokens are used, and the call may take up to {number(session.refused_tokens)}."


def _has_no_price(session: ProcessingSession) -> bool:
    return session.budget_micros is not None and session.refused_micros is None
