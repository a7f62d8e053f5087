"""What a writer will need for a book: asked of whoever knows the writers; the content itself knows none."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from .storyline.values.estimate import Forecast


class Forecaster(Protocol):
    """Returns what `writer` needs, None where it cannot be said; of each chapter the words of its sources are known."""

    def __call__(
        self, writer: str, source_word_counts: Sequence[int], preferences: Mapping[str, object]
    ) -> Forecast | None: ...


_known: list[Forecaster] = []


def register(forecaster: Forecaster) -> None:
    """Let `forecaster` be asked; the app that has the writers does this once, when it is ready."""
    _known[:] = [forecaster]


def forecast(
    writer: str, source_word_counts: Sequence[int], preferences: Mapping[str, object]
) -> Forecast | None:
    """Return what the writer will need, as far as anybody can say."""
    return _known[0](writer, source_word_counts, preferences) if _known else None
