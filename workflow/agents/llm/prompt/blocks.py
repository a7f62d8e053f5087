"""Wraps text so that it stays data, in a fence that it cannot contain; a block of a prompt with its budget."""

import re
from dataclasses import dataclass

from workflow.agents.drafting.drafts import clean
from workflow.contract.agent_types import JSON

from .tokens import estimate_tokens

# Runs of "<" make the fences and the closing mark of an answer; the others are turns of chat templates.
_DANGEROUS = re.compile(
    r"<(?=<<)|(?<=<<)<|<(?=\|)|(?<=\|)>|<(?=/?s>|(?:start|end)_of_turn>|/?think>)|\[(?=/?INST\]|/?SYSTEM_PROMPT\])"
)
_SPACES = re.compile(r"\s+")


def harmless(text: str) -> str:
    """Return `text` without characters that cannot be stored, and with a space in whatever could end its fence.

    Ordinary text comes back as it is, so that it can be quoted word for word.
    """
    return _DANGEROUS.sub(_with_space, clean(text))


def _with_space(match: re.Match[str]) -> str:
    return f" {match[0]}" if match[0] == ">" else f"{match[0]} "


def one_line(text: str) -> str:
    """Return `text` as harmless text without line breaks."""
    return _SPACES.sub(" ", harmless(text)).strip()


def fence(name: str, text: str) -> str:
    """Return the text, which must be harmless already, between a first and a last line that it cannot contain."""
    assert "<<<" not in text
    return f"<<<BEGIN {name}>>>\n{text}\n<<<END {name}>>>"


FENCE_TOKENS = 30
WHOLE, SHORTENED, EMPTY = "whole", "shortened", "empty"


@dataclass(frozen=True)
class Block:
    """One block. `state` is whole, shortened or empty."""

    name: str
    text: str
    budget: int
    state: str

    @property
    def note(self) -> JSON:
        """The block's line in the record."""
        return {
            "name": self.name,
            "tokens": estimate_tokens(self.text) if self.text else 0,
            "budget": self.budget,
            "state": self.state,
        }


def frame(introduction: str, name: str, body: str) -> str:
    """Return a block's text: a line that says what it is, and the harmless body inside its fence."""
    return f"{introduction}\n{fence(name, body)}"


def room_inside(budget: int, introduction: str, name: str) -> int:
    """Return how many tokens of a block's budget are left for its body."""
    return budget - estimate_tokens(frame(introduction, name, "")) - 2
