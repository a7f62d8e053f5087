"""Scores a chapter's length, and all of its metrics in one figure. docs/decisions/0012 says what that can say."""

from collections.abc import Mapping
from dataclasses import dataclass

# What each part counts for. Coverage and density are facts, not faults: quoting is no worse than telling.
WEIGHTS: Mapping[str, float] = {
    "grounding": 0.45,
    "length": 0.15,
    "repetition_within": 0.15,
    "repetition_across": 0.10,
    "clean": 0.15,
}
# A text that is cut off, got stuck, or has a note or a model's remark in it is no finished chapter.
UNCLEAN_CAP = 0.5
_USUAL_WITHIN, _WORST_WITHIN = 0.05, 0.35
_USUAL_ACROSS, _WORST_ACROSS = 0.02, 0.32


def parts_of(
    *,
    grounding: float | None,
    length: float | None,
    within: float | None,
    across: float | None,
    is_clean: bool,
) -> dict[str, float | None]:
    """Return each part from 0 to 1. Repetition costs nothing up to what is usual in speech, then linearly."""
    return {
        "grounding": grounding,
        "length": length,
        "repetition_within": _falling(within, _USUAL_WITHIN, _WORST_WITHIN),
        "repetition_across": _falling(across, _USUAL_ACROSS, _WORST_ACROSS),
        "clean": float(is_clean),
    }


def score_of(parts: Mapping[str, float | None]) -> float | None:
    """Return the weighted mean of the parts that were measured; None without the grounding, at most .5 if unclean."""
    if parts["grounding"] is None:
        return None
    measured = {name: value for name, value in parts.items() if value is not None}
    total = sum(WEIGHTS[name] for name in measured)
    score = sum(WEIGHTS[name] * value for name, value in measured.items()) / total
    return round(score if parts["clean"] else min(score, UNCLEAN_CAP), 2)


def _falling(value: float | None, usual: float, worst: float) -> float | None:
    return None if value is None else round(min(1.0, max(0.0, (worst - value) / (worst - usual))), 2)


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
