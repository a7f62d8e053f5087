"""Where a chapter's sections begin: at the weakest lexical joins, never between a question and its answer."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from .paragraphs import Paragraph
from .salience import dot, unit_vector
from .sentence_pairs import Company

_MOST_SECTIONS = 5
_WORDS_PER_SECTION = 170
_FEWEST_WORDS = 60
_WINDOW = 3


def cut_sections(
    paragraphs: Sequence[Paragraph], idf: Mapping[str, float], company: Company
) -> list[list[Paragraph]]:
    """Cut paragraphs into 1 to 5 sections of at least 60 words each."""
    words = sum(paragraph.words for paragraph in paragraphs)
    wanted = min(_MOST_SECTIONS, max(1, round(words / _WORDS_PER_SECTION)))
    cuts: list[int] = []
    for cut in sorted(range(1, len(paragraphs)), key=lambda at: (_join(paragraphs, at, idf), at)):
        if len(cuts) + 1 >= wanted:
            break
        if not _splits_exchange(paragraphs, cut, company) and _leaves_enough(paragraphs, cuts, cut):
            cuts.append(cut)
    bounds = [0, *sorted(cuts), len(paragraphs)]
    return [list(paragraphs[a:b]) for a, b in pairwise(bounds)]


def _join(paragraphs: Sequence[Paragraph], at: int, idf: Mapping[str, float]) -> float:
    before, after = paragraphs[max(0, at - _WINDOW) : at], paragraphs[at : at + _WINDOW]
    vectors = [unit_vector((t for p in side for t in p.terms), idf) for side in (before, after)]
    return dot(*vectors)


def _splits_exchange(paragraphs: Sequence[Paragraph], at: int, company: Company) -> bool:
    before, after = paragraphs[at - 1], paragraphs[at]
    return any(answer in after.places for place in before.places for answer in company.get(place, ()))


def _leaves_enough(paragraphs: Sequence[Paragraph], cuts: Sequence[int], cut: int) -> bool:
    bounds = sorted([0, *cuts, len(paragraphs)])
    left = max(bound for bound in bounds if bound < cut)
    right = min(bound for bound in bounds if bound > cut)
    sides = (paragraphs[left:cut], paragraphs[cut:right])
    return all(sum(p.words for p in side) >= _FEWEST_WORDS for side in sides)
