"""How whoever started a writer stays in touch with it while it works."""

from collections.abc import Callable
from dataclasses import dataclass

from workflow.contract.agent_types import JSON


def _never() -> bool:
    return False


def _drop(note: JSON) -> None:
    """Nobody wants the note."""


@dataclass(frozen=True)
class Quote:
    """What one call may come to before it is sent: tokens in by our own estimate, and the most that may come out."""

    model: str
    input_tokens: int
    output_tokens: int


def _let_pass(quote: Quote) -> None:
    """Nobody counts what is spent."""


def _shrug(model: str, wait: float | None) -> None:
    """Nobody shares the wait."""


@dataclass(frozen=True)
class Watch:
    """`cancelled` is asked every 0.2 s; `note_context` gets the prompt's record before anything is sent,

    `note_usage` the usage so far after every answer of a model, also of one that is thrown away. `clear` is asked
    before every call is sent, and raises AgentError(budget_exceeded) where the call must not be made.
    `note_rate_limit` gets a model whose provider asked to slow down and the wait in seconds that it asked for, None
    where it named none. All are called in the agent's thread and must not touch the database.
    """

    cancelled: Callable[[], bool] = _never
    note_context: Callable[[JSON], None] = _drop
    note_usage: Callable[[JSON], None] = _drop
    clear: Callable[[Quote], None] = _let_pass
    note_rate_limit: Callable[[str, float | None], None] = _shrug
