"""How much each sentence of a node says: LexRank over tf-idf, and nearness to the node's own words."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .words import split_words, terms_of

Vector = dict[str, float]
Index = Mapping[str, Sequence[tuple[int, float]]]

_DAMPING = 0.85
_ROUNDS = 8
_RANK_SHARE = 0.5


@dataclass(frozen=True)
class Weighing:
    """Unit tf-idf vectors of sentences, where each term occurs, and the sentences' salience (0 to 1)."""

    vectors: Sequence[Vector]
    index: Index
    scores: Sequence[float]


def weigh(terms: Sequence[Sequence[str]], query: Iterable[str]) -> Weighing:
    """Score texts, each given as its terms, by centrality and by nearness to the query's words.

    Source of the centrality: Erkan and Radev, "LexRank", JAIR 22 (2004), its continuous form.
    """
    idf = inverse_frequencies(terms)
    vectors = [unit_vector(text, idf) for text in terms]
    ranks = _shares_of_best(_lexrank(vectors))
    wanted = unit_vector(terms_of([word for text in query for word in split_words(text)]), idf)
    nearness = _shares_of_best([dot(wanted, vector) for vector in vectors])
    share = _RANK_SHARE if any(nearness) else 1.0
    scores = [share * rank + (1 - share) * near for rank, near in zip(ranks, nearness, strict=True)]
    return Weighing(vectors, _inverted(vectors), scores)


def unit_vector(terms: Iterable[str], idf: Mapping[str, float]) -> Vector:
    """Return the tf-idf vector of length 1 of the known terms; empty if there are none."""
    counts = Counter(terms)
    raw = {term: (1 + math.log(count)) * idf[term] for term, count in counts.items() if term in idf}
    length = math.sqrt(sum(weight * weight for weight in raw.values()))
    return {term: weight / length for term, weight in raw.items()} if length else {}


def dot(one: Vector, other: Vector) -> float:
    """Return the cosine of two unit vectors."""
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[term] for term, weight in one.items() if term in other)


def inverse_frequencies(terms: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return each term's weight: log(1 + texts / texts that have it)."""
    # dict.fromkeys, not set: the order of terms must not depend on the hash seed.
    counts = Counter(term for text in terms for term in dict.fromkeys(text))
    return {term: math.log(1 + len(terms) / count) for term, count in counts.items()}


def _inverted(vectors: Sequence[Vector]) -> Index:
    index: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, vector in enumerate(vectors):
        for term, weight in vector.items():
            index[term].append((place, weight))
    return index


def _lexrank(vectors: Sequence[Vector]) -> list[float]:
    """PageRank over all cosines without making the matrix: each round sums the vectors once."""
    total = _weighted_sum(vectors, [1.0] * len(vectors))
    degrees = [dot(vector, total) or 1.0 for vector in vectors]
    ranks = [1.0] * len(vectors)
    for _ in range(_ROUNDS):
        given = _weighted_sum(vectors, [rank / degree for rank, degree in zip(ranks, degrees, strict=True)])
        ranks = [1 - _DAMPING + _DAMPING * dot(vector, given) for vector in vectors]
    return ranks


def _weighted_sum(vectors: Sequence[Vector], weights: Sequence[float]) -> Vector:
    total: Vector = defaultdict(float)
    for vector, share in zip(vectors, weights, strict=True):
        for term, weight in vector.items():
            total[term] += share * weight
    return total


def _shares_of_best(values: Sequence[float]) -> list[float]:
    best = max(values, default=0.0)
    return [value / best for value in values] if best > 0 else [0.0 for _ in values]
