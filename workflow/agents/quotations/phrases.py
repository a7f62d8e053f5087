"""Finds the noun phrases of a chapter without a tagger, and chooses those that head a section or name a theme."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from books.text.english import (
    DETERMINERS,
    FILLERS,
    NOT_BEFORE_NOUNS,
    PREPOSITIONS,
    STOP_WORDS,
    UNTELLING_WORDS,
)
from books.text.sentences import SENTENCE_ENDS

from .words import WORD, fold

Phrase = tuple[str, ...]

_LONGEST = 3
_NO_NOUN = re.compile(r"(?:ing|ed|ly|n't|'\w+)$")
_NO_LONE_NOUN = re.compile(r"(?:able|ible|ful|ous|ive|ish|less|ise|ize|ical)$")
_UNFIT = re.compile(r"[_\d]|^.{1,2}$|^.{25,}$")
_SENTENCE_END = re.compile(f"[{SENTENCE_ENDS}:]")
_BY_LENGTH = (0.0, 1.0, 1.7, 1.9)
_TOPIC_BONUS = 1.8
_PART_TOPIC_BONUS = 1.3
_TITLE_DISCOUNT = 0.6
_LEAST = 2.6


@dataclass(frozen=True, slots=True)
class _Run:
    """Content words in a row, the word right before them ("" at a mark), and if they look like a name."""

    words: tuple[str, ...]
    before: str
    named: bool

    @property
    def stands_as_noun(self) -> bool:
        """Whether a determiner, a preposition (not before "-ing") or capitals tell a noun phrase."""
        if self.before in DETERMINERS or self.named:
            return True
        return self.before in PREPOSITIONS and not self.words[0].endswith("ing")


@dataclass(frozen=True)
class Evidence:
    """The phrases that stand as nouns somewhere in a text, with their first spelling."""

    spelling: dict[Phrase, str]

    def phrases_in(self, text: str) -> Iterator[Phrase]:
        """Yield each occurrence of such a phrase at the end of a run of content words."""
        for run in _runs(text):
            for _, phrase in _endings(run.words):
                if phrase in self.spelling:
                    yield phrase


def find_evidence(texts: Sequence[str], excluded: frozenset[str]) -> Evidence:
    """Collect the noun phrases of 1 to 3 words of `texts` without any of the `excluded` folded words.

    A single word is kept only where it stands as a noun more often than as a verb or an adjective.
    """
    spelling: dict[Phrase, str] = {}
    nouns: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for run in (run for text in texts for run in _runs(text)):
        if run.before in NOT_BEFORE_NOUNS:
            others[fold(run.words[0].lower())] += 1
        if not run.stands_as_noun:
            continue
        nouns[fold(run.words[-1].lower())] += 1
        for surface, phrase in _endings(run.words):
            if not excluded.intersection(phrase):
                spelling.setdefault(phrase, surface)
    return Evidence({p: s for p, s in spelling.items() if len(p) > 1 or nouns[p[0]] > others[p[0]]})


def _endings(words: tuple[str, ...]) -> Iterator[tuple[str, Phrase]]:
    for length in range(1, min(_LONGEST, len(words)) + 1):
        phrase = tuple(_folded(word) for word in words[-length:])
        if UNTELLING_WORDS.intersection(phrase) or not _fits(phrase):
            return
        if length > 1 or not _NO_LONE_NOUN.search(phrase[0]):
            yield " ".join(words[-length:]), phrase


@lru_cache(maxsize=1 << 14)
def _fits(phrase: Phrase) -> bool:
    return not _NO_NOUN.search(phrase[-1]) and not any(_UNFIT.search(word) for word in phrase)


@lru_cache(maxsize=1 << 14)
def _folded(word: str) -> str:
    return fold(word.lower())


@lru_cache(maxsize=1 << 15)
def _is_content(word: str) -> bool:
    """One letter is a stammer or a label; grammar and fillers part phrases."""
    return len(word) > 1 and word not in STOP_WORDS and word not in FILLERS


def _runs(text: str) -> Iterator[_Run]:
    words: list[str] = []
    before, end, named = "", 0, False
    for match in WORD.finditer(text):
        word, gap = match.group(), text[end : match.start()]
        lower = word.lower().replace("’", "'")
        parted = bool(gap.strip())
        content = _is_content(lower)
        if words and (parted or not content):
            yield _Run(tuple(words), before, named)
            words, before = [], ""
        if content:
            if not words:
                before = "" if parted else before
                named = end > 0 and not _SENTENCE_END.search(gap)
            words.append(word)
            named = named and word[0].isupper() and not word.isupper()
        else:
            before = lower
        end = match.end()
    if words:
        yield _Run(tuple(words), before, named)


class PhraseBook:
    """The noun phrases of a chapter's sections, to set one section apart from the others.

    `topics` are texts whose words matter (summary, themes); words of `title` say nothing new; words of
    `names` (those who speak) head nothing.
    """

    def __init__(
        self, sections: Sequence[Sequence[str]], topics: Iterable[str], title: str, names: Iterable[str]
    ) -> None:
        self._topics = _terms_in(topics)
        self._title = _terms_in([title])
        evidence = find_evidence([quote for quotes in sections for quote in quotes], _terms_in(names))
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


def _terms_in(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(word.lower()) for text in texts for word in WORD.findall(text))
