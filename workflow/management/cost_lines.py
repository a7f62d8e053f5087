"""What writing costs, as lines for a terminal."""

from django.conf import settings

from books.models import BookVersion
from books.outline.listing import outline_of
from books.storyline.values.estimate import Span
from workflow.agents.llm import is_model
from workflow.contract.money import money
from workflow.contract.states import ItemStatus
from workflow.engine.budget.limits import Limits, read_limits, suggested
from workflow.models import ProcessingSession
from workflow.progress.budget_panel import budget_notice
from workflow.progress.spending import budget_of, number, of_session

TOKENS = "tokens"


def read_budget(text: str) -> Limits:
    """Return the budget of "5.00" or "200000 tokens". Raises Invalid."""
    if text.strip().endswith(TOKENS):
        return read_limits("", text.strip().removesuffix(TOKENS))
    return read_limits(text, "")


def estimate_lines(version: BookVersion, writer: str | None) -> list[str]:
    """Say what the book will take of language models; nothing for a writer that calls none."""
    if not is_model(writer or settings.CHAPTERFLOW_WRITER):
        return []
    found = outline_of(version, writer).estimate
    lines = ["Estimate:"]
    if found.words and found.input_tokens and found.output_tokens:
        lines.append(f"  words     {_range(found.words)}")
        lines.append(f"  tokens    {_range(found.input_tokens)} in, {_range(found.output_tokens)} out")
    cost = (
        f"{money(round(found.micros.low))} to {money(round(found.micros.high))}"
        if found.micros
        else "unknown"
    )
    return [*lines, f"  cost      {cost}"]


def spent_lines(session: ProcessingSession) -> list[str]:
    """Say what the session spent; nothing where no model was called."""
    spent = of_session(session)
    if not spent.has_calls:
        return []
    limit = f" of {budget_of(session)}" if budget_of(session) else ""
    line = f"\nSpent: {spent.cost}{limit}, {spent.sent} tokens in, {spent.received} out. {spent.doubt}"
    return [line.rstrip()]


def has_stopped_for_budget(session: ProcessingSession) -> bool:
    """Return whether the budget has paused the session, and nothing is in flight any more."""
    return session.is_over_budget and not session.items.filter(status=ItemStatus.IN_PROGRESS).exists()


def stopped_words(session: ProcessingSession) -> str:
    """Say why it stopped and which option lets it go on."""
    heading, text = budget_notice(session)
    to = suggested(session)
    wanted = to.dollars or f'"{to.tokens} {TOKENS}"'
    return f"{heading}. {text}\nThe same command with --budget {wanted} goes on from here."


def _range(span: Span) -> str:
    return f"{number(round(span.low))} to {number(round(span.high))}"
