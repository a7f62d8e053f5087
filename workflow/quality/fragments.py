"""How much of a chapter stands in its sources word for word, and in how long pieces."""

from collections.abc import Container, Iterable, Mapping, Sequence
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
    own = _pairs(words)
    known, places = set(source), _places(set(own), source)
    lengths: list[int] = []
    at = 0
    while at < len(words):
        shared = places.get(own[at]) if at < len(own) else None
        length = _longest(words, at, source, shared) if shared else 0
        length = length or int(words[at] in known)
        if length:
            lengths.append(length)
        at += max(1, length)
    return lengths


def _pairs(words: Sequence[str]) -> list[int]:
    """Return the hash of each two words in a row: numbers give the garbage collector nothing to look through."""
    return list(map(hash, pairwise(words)))


def _places(pairs: Container[int], source: Sequence[str]) -> Mapping[int, list[int]]:
    """Return where each of the pairs stands: far fewer places than a single word has."""
    places: dict[int, list[int]] = {}
    for at, pair in enumerate(_pairs(source)):
        if pair in pairs:
            found = places.setdefault(pair, [])
            if len(found) < _PLACES_TRIED:
                found.append(at)
    return places


def _longest(words: Sequence[str], at: int, source: Sequence[str], places: Iterable[int]) -> int:
    """Return the length of the longest fragment that begins at one of the places."""
    best = 0
    for place in places:
        length = 0
        while (
            at + length < len(words)
            and place + length < len(source)
            and words[at + length] == source[place + length]
        ):
            length += 1
        best = max(best, length)
    return best
