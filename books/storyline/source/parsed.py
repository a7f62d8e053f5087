"""What every format of an upload is turned into before its meaning is checked."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from books.storyline.wording import Path

from .positions import Position

# A plain list of nodes is named as the list that it would be in a document.
NODES: Path = ("nodes",)

Locate = Callable[[Collection[Path]], Mapping[Path, Position]]


@dataclass(frozen=True)
class ParsedText:
    """A parsed upload: its value, and where in `text` a path's value stands.

    `repeats` are objects of the value (kept alive here) and the keys that they hold twice.
    """

    value: object
    text: str
    locate: Locate
    repeats: list[tuple[dict[str, object], list[str]]] = field(default_factory=list)
