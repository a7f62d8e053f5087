"""What a flight took, as a row of the table."""

import time
from collections import Counter
from dataclasses import dataclass

from tests.installation import Installation

from .meter import Meter
from .model import ModelProcess
from .work import chapters_with, events_of, written_twice

HEAD = (
    "system", "makespan", "÷ ideal", "completed", "most in flight", "PSS rest → peak", "processor", "a chapter",
    "written", "asked again", "written twice", "failed",
)  # fmt: skip


@dataclass(frozen=True)
class Flight:
    """What was measured. `makespan` is until the last text is stored, `completed` until all books are."""

    name: str
    makespan: float
    ideal: float
    completed: float | None
    most: int
    rest_mb: float
    peak_mb: float
    processor: float
    written: int
    total: int
    asked_again: int
    twice: int = 0
    failed: int = 0

    @property
    def row(self) -> list[str]:
        """The table's row."""
        return [
            self.name,
            f"{self.makespan:.1f} s",
            f"{self.makespan / self.ideal:.2f} ×" if self.written == self.total else "–",
            "–" if self.completed is None else f"{self.completed:.1f} s",
            str(self.most),
            f"{self.rest_mb:.0f} → {self.peak_mb:.0f} MB",
            f"{self.processor:.1f} s",
            f"{self.processor / max(1, self.written):.2f} s",
            f"{self.written} of {self.total}",
            str(self.asked_again),
            str(self.twice),
            str(self.failed),
        ]


def asked_again(model: ModelProcess) -> int:
    """Return how many chapters the model was asked for more than once."""
    return sum(times > 1 for times in Counter(call.chapter for call in model.calls()).values())


def flight_of(
    name: str, site: Installation, model: ModelProcess, meter: Meter, *, began: float, ideal: float, total: int,
    is_over: bool,
) -> Flight:  # fmt: skip
    """Read what a flight took that began then. One that was broken off counts until now."""
    stored = [at for _, at in events_of(site, "chapter_generated") if at >= began]
    now = time.time()
    return Flight(
        name,
        makespan=(stored[-1] if len(stored) >= total else now) - began,
        ideal=ideal,
        completed=now - began if is_over else None,
        most=model.count("most"),
        rest_mb=meter.rest_mb,
        peak_mb=meter.peak_mb,
        processor=meter.processor(),
        written=len(stored),
        total=total,
        asked_again=asked_again(model),
        twice=written_twice(site),
        failed=chapters_with(site, "failed"),
    )
