"""How many tokens each block of the prompt may have, by the size of the model's window."""

from dataclasses import dataclass

from workflow.contract.agent_types import AgentError
from workflow.contract.failures import Failure

# Together 8,810 in. The task has 100 tokens of the rules': the chapter's title, themes and people stand in it.
RULES, STORY, LEDGER, RELATED, TAIL, SOURCES, TASK = 800, 700, 450, 300, 260, 6000, 300
OUTPUT = 3600
SMALL_WINDOW = 8_192
MOST_WORDS_IN_A_SMALL_WINDOW = 1_200
FULL_WINDOW = 16_384
OUTPUT_SHARE = 0.35
SAFETY = 0.9
FEWEST_SOURCE_TOKENS = 150
FEWEST_WORDS = 100
TOKENS_PER_WORD = 1.5
CLOSING_BLOCK = 500
SLACK = 600


@dataclass(frozen=True)
class TokenBudget:
    """Tokens per block; `output` is what the model may write, `words` how many words are asked for."""

    rules: int
    story: int
    ledger: int
    related: int
    tail: int
    sources: int
    task: int
    output: int
    words: int


def budget_for(words: int, window: int | None) -> TokenBudget:
    """Return the budget for a chapter of `words` in a model with `window` tokens (None: large enough).

    Raises AgentError(context_too_long) for a window in which no passage finds room.
    """
    output = max(OUTPUT, round(words * TOKENS_PER_WORD) + CLOSING_BLOCK)
    if window is None:
        return TokenBudget(RULES, STORY, LEDGER, RELATED, TAIL, SOURCES, TASK, output + SLACK, words)
    if not has_room(window):
        raise AgentError(
            Failure.CONTEXT_TOO_LONG, f"the model takes {window} tokens at once, too few for a chapter"
        )
    output = min(output, round(window * OUTPUT_SHARE))
    story, ledger, related, tail = _shrunk(window)
    sources = min(SOURCES, _source_room(window, output))
    fitting = max(FEWEST_WORDS, round((output - CLOSING_BLOCK) / TOKENS_PER_WORD))
    most = MOST_WORDS_IN_A_SMALL_WINDOW if window < SMALL_WINDOW else words
    return TokenBudget(RULES, story, ledger, related, tail, sources, TASK, output, min(words, fitting, most))


def has_room(window: int) -> bool:
    """Return whether a window has room for a chapter's passages beside everything else."""
    return _source_room(window, round(window * OUTPUT_SHARE)) >= FEWEST_SOURCE_TOKENS


def _source_room(window: int, output: int) -> int:
    return round((window - output - RULES - TASK - sum(_shrunk(window))) * SAFETY)


def _shrunk(window: int) -> tuple[int, int, int, int]:
    """Story, ledger, related and tail give way in a window that is not large."""
    share = min(1.0, window / FULL_WINDOW)
    return round(STORY * share), round(LEDGER * share), round(RELATED * share), round(TAIL * share)
