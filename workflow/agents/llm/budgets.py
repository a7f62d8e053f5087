"""How many tokens each block of the prompt may have, by the size of the model's window."""

from dataclasses import dataclass

from workflow.agents.types import AgentError
from workflow.failures import Failure

RULES, STORY, RELATED, TAIL, SOURCES, TASK, OUTPUT = 800, 700, 300, 260, 6000, 300, 3600
FULL_WINDOW = 16_384
OUTPUT_SHARE = 0.35
SAFETY = 0.9
FEWEST_SOURCE_TOKENS = 150
FEWEST_WORDS = 100
TOKENS_PER_WORD = 1.5
CLOSING_BLOCK = 500
SLACK = 600


@dataclass(frozen=True)
class Budget:
    """Tokens per block; `output` is what the model may write, `words` how many words are asked for."""

    rules: int
    story: int
    related: int
    tail: int
    sources: int
    task: int
    output: int
    words: int


def budget_for(words: int, window: int | None) -> Budget:
    """Return the budget for a chapter of `words` in a model with `window` tokens (None: large enough).

    Raises AgentError(context_too_long) for a window in which no passage finds room.
    """
    output = max(OUTPUT, round(words * TOKENS_PER_WORD) + CLOSING_BLOCK)
    if window is None:
        return Budget(RULES, STORY, RELATED, TAIL, SOURCES, TASK, output + SLACK, words)
    if not has_room(window):
        raise AgentError(
            Failure.CONTEXT_TOO_LONG, f"the model takes {window} tokens at once, too few for a chapter"
        )
    output = min(output, round(window * OUTPUT_SHARE))
    story, related, tail = _shrunk(window)
    sources = min(SOURCES, _source_room(window, output))
    fitting = max(FEWEST_WORDS, round((output - CLOSING_BLOCK) / TOKENS_PER_WORD))
    return Budget(RULES, story, related, tail, sources, TASK, output, min(words, fitting))


def has_room(window: int) -> bool:
    """Return whether a window has room for a chapter's passages beside everything else."""
    return _source_room(window, round(window * OUTPUT_SHARE)) >= FEWEST_SOURCE_TOKENS


def _source_room(window: int, output: int) -> int:
    return round((window - output - RULES - TASK - sum(_shrunk(window))) * SAFETY)


def _shrunk(window: int) -> tuple[int, int, int]:
    """Story, related and tail give way in a window that is not large."""
    share = min(1.0, window / FULL_WINDOW)
    return round(STORY * share), round(RELATED * share), round(TAIL * share)
