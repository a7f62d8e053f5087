"""How far each sentence of a chapter rests on its sources, and which rest on them weakly."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workflow.agents.quotations.words import terms_of

from .chapter_sources import Sources
from .known_names import KnownNames
from .known_numbers import KnownNumbers
from .prose import MeasuredSentence, Prose, SentenceKind

# Under this the writer's own words outweigh the sources'; good paraphrase stays above it.
WEAK = 0.35
CLOSE = 0.55
UNKNOWN_NUMBER_CAP = 0.4
# A sentence of one or two telling words cannot be weighed.
_FEWEST_TERMS = 3
_MOST_NAMED = 5
_LONGEST_NAMED = 60


@dataclass(frozen=True)
class SentenceGrounding:
    """A sentence with its recall (0 to 1; None: too short to say) and what of it stands nowhere in the sources."""

    sentence: MeasuredSentence
    recall: float | None
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether it is to be marked: an unknown number or name, or too little of it in any one passage."""
        return bool(self.numbers or self.names) or (self.recall is not None and self.recall < WEAK)


@dataclass(frozen=True)
class Grounding:
    """`share` of the weighed sentences that are not weak, `close` of those with a recall of .55 or more."""

    weighed: int
    share: float
    close: float
    weak: tuple[SentenceGrounding, ...]


def ground(prose: Prose, sources: Sources) -> Grounding | None:
    """Weigh every sentence of an English chapter; None where nothing can be weighed.

    Recall of a sentence: the weight (idf over the transcripts' sentences) of its terms that the best single
    passage has, divided by that of all its terms. A number that nothing has caps it at .4. Verbatim counts 1.
    """
    weights = _Weights(sources)
    names, numbers = KnownNames(sources), KnownNumbers(sources)
    found = [
        _weigh(each, weights, names, numbers)
        for each in prose.sentences
        if each.kind is not SentenceKind.FRAME
    ]
    weighed = [each for each in found if each.recall is not None or each.is_weak]
    if not weighed:
        return None
    weak = tuple(each for each in weighed if each.is_weak)
    close = sum(each.recall is not None and each.recall >= CLOSE for each in weighed)
    size = len(weighed)
    return Grounding(size, round(1 - len(weak) / size, 3), round(close / size, 3), weak)


def ground_quotations(prose: Prose) -> Grounding | None:
    """Weigh a chapter in a language whose words are not understood: only where all of it is quoted."""
    told = [each for each in prose.sentences if each.kind is not SentenceKind.FRAME]
    if not told or any(each.kind is SentenceKind.TOLD for each in told):
        return None
    return Grounding(len(told), 1.0, 1.0, ())


class _Weights:
    """Which passages have a term, and how much it tells."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._missing: dict[str, bool] = {}
        self._where: defaultdict[str, list[int]] = defaultdict(list)
        for place, terms in enumerate(sources.passages):
            for term in terms:
                self._where[term].append(place)

    def recall(self, terms: Sequence[str]) -> float:
        """Return the share of the terms' weight that the best passage has."""
        found: defaultdict[int, float] = defaultdict(float)
        total = 0.0
        for term in terms:
            weight = self._sources.weights.get(term, self._sources.greatest_weight)
            total += weight
            for place in self._where.get(term, ()):
                found[place] += weight
        return max(found.values(), default=0.0) / total

    def is_person(self, term: str) -> bool:
        """Whether the term names somebody who speaks or takes part: true of any sentence, it proves none."""
        return term in self._sources.people

    def is_missing(self, word: str) -> bool:
        """Whether the word tells something that no passage has. Kept: a text has most of its words often."""
        if word not in self._missing:
            people = self._sources.people
            terms = terms_of([word])
            self._missing[word] = any(term not in self._where and term not in people for term in terms)
        return self._missing[word]


def _weigh(
    sentence: MeasuredSentence, weights: _Weights, known_names: KnownNames, known_numbers: KnownNumbers
) -> SentenceGrounding:
    if sentence.kind is SentenceKind.VERBATIM:
        return SentenceGrounding(sentence, 1.0)
    terms = [term for term in dict.fromkeys(terms_of(list(sentence.words))) if not weights.is_person(term)]
    recall = weights.recall(terms) if len(terms) >= _FEWEST_TERMS else None
    numbers = _bounded(known_numbers.unknown_in(sentence))
    names = _bounded(known_names.unknown_in(sentence))
    if numbers and recall is not None:
        recall = min(recall, UNKNOWN_NUMBER_CAP)
    words = _missing_words(sentence, weights) if recall is not None and recall < WEAK else ()
    return SentenceGrounding(sentence, recall and round(recall, 2), numbers, names, words)


def _missing_words(sentence: MeasuredSentence, weights: _Weights) -> tuple[str, ...]:
    """Return the telling words that no passage has, the longest first: those tell most."""
    missing = filter(weights.is_missing, dict.fromkeys(sentence.words))
    return _bounded(sorted(missing, key=lambda word: -len(word)))


def _bounded(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value[:_LONGEST_NAMED] for value in dict.fromkeys(values))[:_MOST_NAMED]
