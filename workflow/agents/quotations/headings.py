"""Which key phrases of the quotations may head a section, and which name the chapter's themes."""

from collections import Counter
from collections.abc import Iterable, Sequence

from .phrases import Evidence, Phrase, find_evidence
from .words import WORD, fold

_BY_LENGTH = (0.0, 1.0, 1.7, 1.9)
_TOPIC_BONUS = 1.8
_PART_TOPIC_BONUS = 1.3
_TITLE_DISCOUNT = 0.6
_LEAST = 2.6


class PhraseBook:
    """The noun phrases of a chapter's sections, to set one section apart from the others.

    `topics` are texts whose words matter (summary, themes); words of `title` say nothing new; words of
    `names` (those who speak) head nothing.
    """

    def __init__(
        self, sections: Sequence[Sequence[str]], topics: Iterable[str], title: str, names: Iterable[str]
    ) -> None:
        self._topics = _folded(topics)
        self._title = _folded([title])
        evidence = find_evidence([quote for quotes in sections for quote in quotes], _folded(names))
        self._spelling = evidence.spelling
        self._counts = [_count(quotes, evidence) for quotes in sections]
        self._total = sum(self._counts, Counter[Phrase]())

    def headings(self) -> list[str]:
        """Return a heading for each section, "" where no phrase is good enough."""
        taken: set[str] = set()
        return [self._heading(counts, taken) for counts in self._counts]

    def key_phrases(self, limit: int) -> list[str]:
        """Return the chapter's most telling phrases, as they are spelled there, best first."""
        scores = {phrase: self._weight(phrase) * count for phrase, count in self._total.items()}
        taken: set[str] = set()
        kept: list[str] = []
        for phrase in sorted(scores, key=lambda phrase: (-scores[phrase], phrase)):
            if scores[phrase] >= _LEAST and not taken.intersection(phrase):
                taken.update(phrase)
                kept.append(self._spelling[phrase])
        return kept[:limit]

    def _heading(self, counts: Counter[Phrase], taken: set[str]) -> str:
        scores = {
            phrase: self._weight(phrase) * count * (0.4 + 0.6 * count / self._total[phrase])
            for phrase, count in counts.items()
            if not taken.intersection(phrase)
        }
        best = max(scores, key=lambda phrase: (scores[phrase], phrase), default=())
        if not best or scores[best] < _LEAST:
            return ""
        taken.update(best)
        return " ".join(word[0].upper() + word[1:] for word in self._spelling[best].split())

    def _weight(self, phrase: Phrase) -> float:
        weight = _BY_LENGTH[len(phrase)]
        if self._topics.intersection(phrase):
            weight *= _TOPIC_BONUS if self._topics.issuperset(phrase) else _PART_TOPIC_BONUS
        return weight * (_TITLE_DISCOUNT if self._title.issuperset(phrase) else 1.0)


def _count(quotes: Sequence[str], evidence: Evidence) -> Counter[Phrase]:
    return Counter(phrase for quote in quotes for phrase in evidence.phrases_in(quote))


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word.lower()) for text in texts for word in WORD.findall(text))
