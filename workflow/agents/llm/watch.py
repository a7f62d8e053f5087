"""How whoever started a writer stays in touch with it while it works."""

from collections.abc import Callable
from dataclasses import dataclass

from workflow.agents.types import JSON


def _never() -> bool:
    return False


def _drop(note: JSON) -> None:
    """Nobody wants the note."""


@dataclass(frozen=True)
class Watch:
    """`cancelled` is asked every 0.2 s; `note_context` gets the prompt's record before anything is sent,

    `note_usage` the usage so far after every answer of a model, also of one that is thrown away. All are called in
    the writer's thread and must not touch the database.
    """

    cancelled: Callable[[], bool] = _never
    note_context: Callable[[JSON], None] = _drop
    note_usage: Callable[[JSON], None] = _drop
