"""Sets of text spans, as sorted (start, end) offsets that neither touch nor overlap."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True)
class Spans:
    """Spans that can be asked, in logarithmic time, whether a stretch of text touches them."""

    bounds: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Spans":
        """Sort and merge; empty spans are dropped."""
        merged: list[Span] = []
        for start, end in sorted(span for span in spans if span[1] > span[0]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return cls(tuple(merged))

    def overlaps(self, start: int, end: int) -> bool:
        """Say whether text[start:end] shares a character with a span (an empty stretch: lies inside one)."""
        index = bisect_right(self.bounds, start, key=_start) - 1
        if index >= 0 and start < self.bounds[index][1] and (start < end or start > self.bounds[index][0]):
            return True
        return index + 1 < len(self.bounds) and self.bounds[index + 1][0] < end

    def gaps(self, length: int) -> Iterable[Span]:
        """Yield what the spans leave free of a text of this length."""
        at = 0
        for start, end in self.bounds:
            if start > at:
                yield at, start
            at = end
        if at < length:
            yield at, length


class Claims:
    """Spans claimed one by one, none overlapping another."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def claim(self, start: int, end: int) -> bool:
        """Claim text[start:end] and return True, or return False where some of it is taken."""
        index = bisect_left(self._spans, (start, end))
        taken_before = index > 0 and self._spans[index - 1][1] > start
        taken_after = index < len(self._spans) and self._spans[index][0] < end
        if taken_before or taken_after:
            return False
        self._spans.insert(index, (start, end))
        return True


def _start(span: Span) -> int:
    return span[0]
