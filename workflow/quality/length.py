"""How near a chapter is to its wanted length."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """The words that a chapter should have. Thin sources ask for less: `fewest` is theirs, `most` the person's."""

    fewest: int
    most: int


def wanted_length(target: int, source_words: int) -> Wanted:
    """Return the range for a chapter of `target` words: no shorter than its sources, where those are shorter."""
    return Wanted(min(target, source_words) if source_words else target, target)


def length_score(words: int, wanted: Wanted) -> float:
    """Return 0 to 1 (two decimals) against the nearer end of the range.

    LongWriter's S_l (`evaluation/eval_length.py`), divided by 100: of x wanted and y written words,
    1 − (y/x − 1)/3 where y > x, else 1 − (x/y − 1)/2, never below 0. Half the length gives .5, double .67.
    """
    if words <= 0 or wanted.most <= 0:
        return 0.0
    if words > wanted.most:
        return round(max(0.0, 1 - (words / wanted.most - 1) / 3), 2)
    if words < wanted.fewest:
        return round(max(0.0, 1 - (wanted.fewest / words - 1) / 2), 2)
    return 1.0
