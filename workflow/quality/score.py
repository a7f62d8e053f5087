"""One figure from 0 to 1 out of a chapter's metrics. docs/decisions/0012 says what it can say and what not."""

from collections.abc import Mapping

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
