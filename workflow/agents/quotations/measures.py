"""How much of its storyline a chapter of quotations covers."""

from collections.abc import Sequence

from .words import split_words, terms_of


def measure_coverage(
    used_share: float, query: Sequence[str], quotes: Sequence[str], length_share: float
) -> float:
    """Return 0 to 1: .4 share of passages used, .3 match to the summary, .3 words of those wanted.

    The match is the share of the summary's, title's and themes' terms that occur in the quotes; a node
    without any leaves the other two to count.
    """
    wanted = _terms(query)
    filled = min(1.0, length_share)
    if not wanted:
        return round((0.4 * used_share + 0.3 * filled) / 0.7, 3)
    match = len(wanted & _terms(quotes)) / len(wanted)
    return round(0.4 * used_share + 0.3 * match + 0.3 * filled, 3)


def _terms(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(term for text in texts for term in terms_of(split_words(text)))
