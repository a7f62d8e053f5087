"""Which sentences go into a chapter: salient, unlike each other, from all passages, within a word budget."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from .salience import Weighing, weigh
from .sentence_pairs import Company
from .sentences import Sentence
from .words import WORD

_SALIENCE_SHARE = 0.72
_CROWDING = 0.1
_NEIGHBOUR_BONUS = 0.1
_WEAKEST = 0.2
_CANDIDATES = 300
_WORDS_PER_CANDIDATE = 8
_BRIDGED_WORDS = 12
_KEPT_SHARE = 0.7
_KEPT_WORDS = 200


def select_sentences(
    sentences: Sequence[Sentence], company: Company, leads: Company, query: Sequence[str], budget: int
) -> list[int]:
    """Return the places of the chosen sentences, in order, of at most `budget` words together.

    A place is chosen only together with its `company`, and with its and their `leads` where there is room.
    Scraps are chosen only where nothing has substance. A short record is kept in most of its words.
    """
    usable = _without_repeats(sentences, _usable(sentences))
    weighing = weigh([sentences[place].terms for place in usable], query)
    material = sum(sentences[place].words for place in usable)
    budget = min(budget, max(_KEPT_WORDS, round(_KEPT_SHARE * material)))
    choice = _Choice(sentences, usable, weighing, budget)
    choice.choose_best(company, leads, max(_CANDIDATES, budget // _WORDS_PER_CANDIDATE))
    choice.bridge_gaps()
    return sorted(choice.chosen)


def _usable(sentences: Sequence[Sentence]) -> list[int]:
    good = [place for place, sentence in enumerate(sentences) if sentence.quality]
    return good or [p for p, s in enumerate(sentences) if s.has_words] or list(range(len(sentences)))


def _without_repeats(sentences: Sequence[Sentence], places: Iterable[int]) -> list[int]:
    """Leave out what was said before in the same words: passages of a record may overlap."""
    first: dict[str, int] = {}
    for place in places:
        text = sentences[place].text
        first.setdefault(" ".join(WORD.findall(text.casefold())) or text, place)
    return list(first.values())


class _Choice:
    """The sentences chosen so far, the words left for more, and how much of each candidate they say."""

    def __init__(
        self, sentences: Sequence[Sentence], usable: Sequence[int], weighing: Weighing, budget: int
    ) -> None:
        self.chosen: set[int] = set()
        self._sentences = sentences
        self._usable = usable
        self._weighing = weighing
        self._row = {place: row for row, place in enumerate(usable)}
        floor = 0.0 if any(sentences[place].quality for place in usable) else 1.0
        self._scores = [
            score * max(floor, sentences[place].quality)
            for place, score in zip(usable, weighing.scores, strict=True)
        ]
        self._said_before = [0.0] * len(usable)
        self._words_of_chunk: Counter[int] = Counter()
        self._fair_share = budget / max(1, len({sentences[place].chunk for place in usable}))
        self._words_left = budget
        # A short record has no room for choosiness: all of it that has substance is the story.
        self._least_score = _WEAKEST if sum(sentences[p].words for p in usable) > _KEPT_WORDS else 0.0

    def choose_best(self, company: Company, leads: Company, limit: int) -> None:
        """Take the best candidates one by one (maximal marginal relevance), each with its company."""
        rows = sorted(range(len(self._usable)), key=lambda row: -self._scores[row])[:limit]
        weakest = self._least_score * max((self._scores[row] for row in rows), default=0.0)
        open_rows = [row for row in sorted(rows) if self._scores[row] >= weakest]
        while open_rows and self._words_left > 0:
            best = max(open_rows, key=self._value)
            open_rows.remove(best)
            place = self._usable[best]
            group = [place, *company.get(place, ())]
            fresh_leads = [lead for part in group for lead in leads.get(part, ()) if lead in self._row]
            self._take([*group, *fresh_leads]) or self._take(group)

    def bridge_gaps(self) -> None:
        """Take short sentences between two chosen ones of a line, rather than leave a gap there."""
        places = sorted(self.chosen)
        for before, after in pairwise(places):
            gap = range(before + 1, after)
            same_line = self._sentences[before].line == self._sentences[after].line
            words = sum(self._sentences[place].words for place in gap)
            if gap and same_line and words <= _BRIDGED_WORDS and all(place in self._row for place in gap):
                self._take(gap)

    def _value(self, row: int) -> float:
        place = self._usable[row]
        sentence = self._sentences[place]
        crowding = min(2.0, self._words_of_chunk[sentence.chunk] / self._fair_share)
        value = _SALIENCE_SHARE * self._scores[row] - (1 - _SALIENCE_SHARE) * self._said_before[row]
        neighbours = (place - 1 in self.chosen) + (place + 1 in self.chosen)
        return value - _CROWDING * crowding + _NEIGHBOUR_BONUS * self._scores[row] * neighbours

    def _take(self, places: Iterable[int]) -> bool:
        new = [place for place in dict.fromkeys(places) if place not in self.chosen]
        words = sum(self._sentences[place].words for place in new)
        if words > self._words_left:
            return False
        self._words_left -= words
        for place in new:
            self.chosen.add(place)
            self._words_of_chunk[self._sentences[place].chunk] += self._sentences[place].words
            if place in self._row:
                self._note_likeness(self._row[place])
        return True

    def _note_likeness(self, row: int) -> None:
        likeness: dict[int, float] = defaultdict(float)
        for term, weight in self._weighing.vectors[row].items():
            for other, other_weight in self._weighing.index[term]:
                likeness[other] += weight * other_weight
        for other, cosine in likeness.items():
            if cosine > self._said_before[other]:
                self._said_before[other] = cosine
