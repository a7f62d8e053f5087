"""How much of a chapter stands in its sources word for word, and in how long pieces."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

# A word that the sources say very often is tried at so many places; what is found is then a lower bound.
_PLACES_TRIED = 40
_QUOTE_WORDS = 6


@dataclass(frozen=True)
class Extraction:
    """`coverage` and `density` as Newsroom defines them; `quoted` is the share of words in pieces of six or more."""

    coverage: float
    density: float
    quoted: float


def extraction(words: Sequence[str], source: Sequence[str]) -> Extraction:
    """Measure the greedy longest fragments F of the chapter S that its source has.

    Newsroom (Grusky et al. 2018, arXiv 1804.11283): coverage = Σ|f| / |S|, density = Σ|f|² / |S|.
    High density is copying, low coverage a risk of invention; neither is a fault by itself.
    """
    lengths = fragment_lengths(words, source)
    size = max(1, len(words))
    return Extraction(
        coverage=round(sum(lengths) / size, 3),
        density=round(sum(length * length for length in lengths) / size, 2),
        quoted=round(sum(length for length in lengths if length >= _QUOTE_WORDS) / size, 3),
    )


def fragment_lengths(words: Sequence[str], source: Sequence[str]) -> list[int]:
    """Return the lengths of the greedy longest shared fragments, from left to right."""
    known, pairs = set(source), _pairs(source)
    lengths: list[int] = []
    at = 0
    while at < len(words):
        length = _longest(words, at, source, pairs) or int(words[at] in known)
        if length:
            lengths.append(length)
        at += max(1, length)
    return lengths


def _pairs(source: Sequence[str]) -> Mapping[tuple[str, str], list[int]]:
    """Return where each pair of words stands: far fewer places than a single word has."""
    places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at, pair in enumerate(pairwise(source)):
        found = places[pair]
        if len(found) < _PLACES_TRIED:
            found.append(at)
    return places


def _longest(
    words: Sequence[str], at: int, source: Sequence[str], pairs: Mapping[tuple[str, str], list[int]]
) -> int:
    best = 0
    for place in pairs.get((words[at], words[at + 1]), ()) if at + 1 < len(words) else ():
        length = 2
        while (
            at + length < len(words)
            and place + length < len(source)
            and words[at + length] == source[place + length]
        ):
            length += 1
        best = max(best, length)
    return best
