"""Finding a place in a text again after other edits moved it, by the characters that stood around it."""

import re
from collections.abc import Iterator

CONTEXT = 40
WINDOW = 2_000
_ANCHOR = 8
_ENOUGH = 10
_SAME_GLYPHS = str.maketrans("“”‘’–—", "\"\"''--")


def occurrences(text: str, wanted: str) -> Iterator[int]:
    """Yield the offsets of `wanted` in `text`, where it does not begin or end inside a word."""
    left = r"(?<!\w)" if wanted[0].isalnum() else ""
    right = r"(?!\w)" if wanted[-1].isalnum() else ""
    for match in re.finditer(left + re.escape(wanted) + right, text):
        yield match.start()


def locate(text: str, wanted: str, offset: int, before: str, after: str) -> int | None:
    """Return where `wanted` (which may be empty) stands between `before` and `after`, or None.

    The best match of both contexts wins, then the nearest to `offset`; None where there is none, or two
    equally good ones. Beyond 2,000 characters from `offset`, only the whole context counts. An occurrence
    at `offset` itself needs no context if none was kept.
    """
    if not before and not after:
        return offset if text.startswith(wanted, offset) and (wanted or not text) else None
    whole = _agreement(before + wanted + after, len(before), len(before + wanted), before, after)
    enough = min(whole, _ENOUGH)
    ranked: list[tuple[int, int, int]] = []
    for at in _candidates(text, wanted, before, after):
        score = _agreement(text, at, at + len(wanted), before, after)
        if score == whole or (score >= enough and abs(at - offset) <= WINDOW):
            ranked.append((-score, abs(at - offset), at))
    ranked.sort()
    if not ranked or (len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]):
        return None
    return ranked[0][2]


def _candidates(text: str, wanted: str, before: str, after: str) -> set[int]:
    if wanted:
        return {match.start() for match in re.finditer(f"(?={re.escape(wanted)})", text)}
    left, right = before[-_ANCHOR:], after[:_ANCHOR]
    ends = {m.start() + len(left) for m in re.finditer(f"(?={re.escape(left)})", text)} if left else {0}
    starts = {m.start() for m in re.finditer(f"(?={re.escape(right)})", text)} if right else {len(text)}
    return ends | starts


def _agreement(text: str, start: int, end: int, before: str, after: str) -> int:
    """Count the characters on both sides of text[start:end] that are as they were; an edge of the text is one."""
    left = _common(text[max(0, start - len(before)) : start][::-1], before[::-1])
    right = _common(text[end : end + len(after)], after)
    at_start = CONTEXT if start == 0 and not before else 0
    at_end = CONTEXT if end == len(text) and not after else 0
    return left + right + at_start + at_end


def _common(one: str, other: str) -> int:
    """Return the length of the beginning that two texts share, whatever the style of their marks."""
    one, other = one.translate(_SAME_GLYPHS), other.translate(_SAME_GLYPHS)
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)
