"""Finds what a speech recognition repeats without end when it hears silence or music."""

import operator
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

# Nobody says the same sentence five times in a row; a single word is said more often.
FEWEST_SENTENCES = 5
FEWEST_WORDS = 10
_LONGEST_PERIOD = 4
_PIECE = re.compile(r"[^.!?…。！？؟।\n]*(?:[.!?…。！？؟।]+[\"'”’»)]*\s*|\n+|$)")
_MARK = re.compile("\x02\\d+\x03")
_END = "\x03"
_WORDLESS = re.compile(r"[\W_]+")
_RUN = re.compile(r"\b((?:[\w'’]{1,30}[ ,]+){1,8}?)\1{9,}", re.IGNORECASE)
_LONGEST_PLAIN_PIECE = 200
_LONGEST_RUN_PERIOD = 8


class Loop(NamedTuple):
    """A sentence, and how often it stood there one after the other."""

    sentence: str
    times: int


def without_loops(text: str) -> tuple[str, tuple[Loop, ...]]:
    """Return the text without sentences that are repeated without end, and these."""
    pieces = [piece for piece in _PIECE.findall(text) if piece]
    unmarked = _without_marks(pieces)
    if not _may_repeat(pieces, unmarked):
        return text, ()
    key_of = {piece: _WORDLESS.sub(" ", piece).strip().casefold() for piece in set(unmarked)}
    keys = [key_of[piece] for piece in unmarked]
    loops: list[Loop] = []
    kept: list[str] = []
    at = 0
    while at < len(pieces):
        period, count = _repeats(keys, at)
        if period:
            loops.append(Loop(_shown(pieces[at : at + period]), count))
            at += period * count
        else:
            kept.append(_without_runs(pieces[at], loops))
            at += 1
    return ("".join(kept), tuple(loops)) if loops else (text, ())


def _without_marks(pieces: Sequence[str]) -> list[str]:
    # All in one go: there may be as many marks as pieces. No piece has a mark's last character elsewhere.
    return [piece.strip() for piece in _MARK.sub("", _END.join(pieces)).split(_END)]


def _may_repeat(pieces: Sequence[str], unmarked: Sequence[str]) -> bool:
    """Whether a closer look may find anything: nearly no text has the same sentence five times."""
    if any(len(piece) >= _LONGEST_PLAIN_PIECE and _has_run(piece) for piece in pieces):
        return True
    counts = Counter(unmarked)
    return max(counts.values(), default=0) >= FEWEST_SENTENCES


def _has_run(piece: str) -> bool:
    """Whether words come back again and again at one distance: told without looking at each place."""
    words = piece.split()
    return any(
        sum(map(operator.eq, words, words[period:])) >= (FEWEST_WORDS - 1) * period
        for period in range(1, _LONGEST_RUN_PERIOD + 1)
    )


def _repeats(keys: Sequence[str], at: int) -> tuple[int, int]:
    """Return how many sentences from here on are said again and again, and how often; (0, 0) where none are."""
    for period in range(1, _LONGEST_PERIOD + 1):
        if not keys[at] or keys[at : at + 1] != keys[at + period : at + period + 1]:
            continue
        count = 1
        while keys[at : at + period] == keys[at + count * period : at + (count + 1) * period]:
            count += 1
        words = sum(len(key.split()) for key in keys[at : at + period])
        if count >= (FEWEST_SENTENCES if words > 1 else FEWEST_WORDS):
            return period, count
    return 0, 0


def _without_runs(piece: str, loops: list[Loop]) -> str:
    """Take out words that are repeated without end and without a full stop."""
    if len(piece) < _LONGEST_PLAIN_PIECE or not _has_run(piece):
        return piece

    def note(match: re.Match[str]) -> str:
        loops.append(Loop(match[1].strip(" ,"), len(match[0]) // len(match[1])))
        return ""

    return _RUN.sub(note, piece)


def _shown(pieces: Sequence[str]) -> str:
    return _MARK.sub("", "".join(pieces)).strip()
