"""A block of a prompt: its text, its budget, and whether everything that was meant for it is in it."""

from dataclasses import dataclass

from workflow.contract.agent_types import JSON

from .fences import fence
from .tokens import estimate_tokens

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
