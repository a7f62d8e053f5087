"""What writing costs, on the outline of a book: the estimate, the budget's fields, what was spent."""

from django import template
from django.conf import settings

from books.models import BookVersion
from books.storyline.values.estimate import Estimate, Span
from workflow.agents.llm import is_model, split_models
from workflow.agents.llm.providers.prices import runs_here
from workflow.agents.orchestrator import PYTHON
from workflow.contract.money import money
from workflow.engine.budget.limits import limits_of, unpriced
from workflow.models import ProcessingSession
from workflow.progress.spending import Spent, number, of_book, of_session

register = template.Library()


@register.inclusion_tag("workflow/_estimated_cost.html")
def estimated_cost(estimate: Estimate, writer: str) -> dict[str, object]:
    """Draw the rows of the estimate that say how many tokens and how much money."""
    into, out = estimate.input_tokens, estimate.output_tokens
    return {
        "sent": _tokens(into) if into and into.high else "",
        "received": _tokens(out) if out and out.high else "",
        "cost": _cost(estimate, writer),
    }


@register.inclusion_tag("workflow/_budget_fields.html")
def budget_fields(writer: str) -> dict[str, object]:
    """Draw the fields that say where the writing stops; nothing for a writer that calls no model."""
    return {
        "is_model": is_model(writer),
        "unpriced": " and ".join(name.partition(":")[2] for name in unpriced(writer)),
        "limits": limits_of(*settings.CHAPTERFLOW_BUDGET),
    }


@register.inclusion_tag("workflow/_spent_rows.html")
def spent_rows(version: BookVersion) -> dict[str, object]:
    """Draw the rows that say what the version and the whole book have cost, where a model was called."""
    session = ProcessingSession.objects.filter(version=version).first()
    book = of_book(version.book)
    here = of_session(session) if session else None
    return {"here": here, "book": book if _differ(here, book) else None}


def _differ(here: Spent | None, book: Spent) -> bool:
    return book.has_calls and (here is None or here != book)


def _tokens(span: Span) -> str:
    low, high = _rounded(span.low), _rounded(span.high)
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _rounded(value: float) -> int:
    whole = round(value)
    step = 10 ** max(0, len(str(whole)) - 2)
    return int(round(whole / step) * step)


def _cost(estimate: Estimate, writer: str) -> str:
    if estimate.costs_nothing:
        here = is_model(writer) and all(runs_here(name) for name in split_models(writer))
        return "nothing, it runs on your own machine" if here else "nothing"
    if estimate.micros is not None:
        low, high = money(round(estimate.micros.low)), money(round(estimate.micros.high))
        return low if low == high else f"{low} to {high}"
    return "not known beforehand" if writer.startswith(PYTHON) else "unknown: no price is stated for it"
