"""A follow-up question, and the passages that questions are read from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workflow.contract.agent_types import WrittenChapter

Priority = Literal["high", "medium", "low"]
PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")

CATEGORIES: Mapping[str, str] = {
    "no_source": "No source text",
    "unanswered_question": "Left open",
    "unknown_name": "A name",
    "thin_voice": "A voice",
}


@dataclass(frozen=True)
class Question:
    """A question to the person whose book it is.

    `evidence` is plain JSON (`chunk_id` and `quote` where there is a passage to show); `key` is the same
    for the same question of a later version.
    """

    chapter: int | None
    node_id: str | None
    category: str
    priority: Priority
    text: str
    reason: str
    evidence: Mapping[str, object]
    key: str


@dataclass(frozen=True)
class Candidate:
    """A question with its weight among those of the same priority (the higher, the earlier)."""

    question: Question
    weight: float


@dataclass(frozen=True)
class Turn:
    """What one speaker says until another speaks. `follows`: nothing was left out before it."""

    chunk_id: str
    speaker: str
    text: str
    follows: bool


@dataclass(frozen=True)
class Record:
    """A chapter with the turns of its chunks, in spoken order."""

    chapter: WrittenChapter
    turns: Sequence[Turn]


def fingerprint(category: str, *subject: str) -> str:
    """Return a stable key of 32 hexadecimal digits for a question about this subject."""
    plain = "\x1f".join([category, *(" ".join(part.casefold().split()) for part in subject)])
    return hashlib.sha256(plain.encode()).hexdigest()[:32]
