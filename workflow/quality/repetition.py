"""How often a chapter says the same again: within itself, and what an earlier chapter said before."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from workflow.contract.agent_types import EarlierChapter

from .prose import words_told

_WITHIN, _ACROSS = 4, 5
_PHRASES_SHOWN, _PASSAGES_SHOWN = 5, 10
_OFTEN = 3
_LONGEST_SHOWN = 40


@dataclass(frozen=True)
class Phrase:
    """Words that a chapter has `count` times."""

    text: str
    count: int


@dataclass(frozen=True)
class SaidBefore:
    """A run of words that chapter number `chapter` has, too."""

    text: str
    chapter: int


@dataclass(frozen=True)
class Across:
    """`share` is that of the chapter's five-word sequences that an earlier one has; `passages` the longest runs."""

    share: float
    passages: tuple[SaidBefore, ...]


def repetition_within(words: Sequence[str]) -> float | None:
    """Return seq-rep-4 (Welleck et al. 2020): 1 − different four-word sequences / all of them."""
    grams = _grams(words, _WITHIN)
    return round(1 - len(set(grams)) / len(grams), 3) if grams else None


def frequent_phrases(words: Sequence[str]) -> tuple[Phrase, ...]:
    """Return the four-word sequences that stand there three times or more, the most frequent first."""
    grams = _grams(words, _WITHIN)
    often = [(gram, count) for gram, count in Counter(grams).items() if count >= _OFTEN]
    often.sort(key=lambda each: -each[1])
    places = [(grams.index(gram), count) for gram, count in often[:_PHRASES_SHOWN]]
    return tuple(Phrase(" ".join(words[at : at + _WITHIN]), count) for at, count in places)


def repetition_across(words: Sequence[str], earlier: Sequence[EarlierChapter]) -> Across | None:
    """Compare with the chapters given, and with no other: a bounded number, whatever the length of the book.

    The share of 5-word sequences seen before, after the self-repetition score of Shaib et al. (2403.00553).
    """
    grams = _grams(words, _ACROSS)
    texts = [chapter for chapter in earlier if chapter.text]
    if not grams or not texts:
        return None
    said: dict[int, int] = {}
    different = set(grams)
    for chapter in texts:
        # A later chapter takes the place of an earlier one: the nearest is named.
        said.update(dict.fromkeys(different & said_in(chapter.text), chapter.number))
    where = [said.get(gram, 0) for gram in grams]
    return Across(round(sum(map(bool, where)) / len(grams), 3), _longest(_runs(words, where)))


def _longest(runs: Iterable[SaidBefore]) -> tuple[SaidBefore, ...]:
    """Return the longest runs, without those that are a part of a longer one."""
    shown: list[SaidBefore] = []
    for run in sorted(runs, key=lambda run: -run.text.count(" ")):
        if len(shown) == _PASSAGES_SHOWN:
            break
        if not any(run.text in longer.text for longer in shown):
            shown.append(run)
    return tuple(shown)


@lru_cache(maxsize=24)
def said_in(markdown: str) -> frozenset[int]:
    """Return the five-word sequences of a chapter. Kept: in a row of chapters each one is compared with several."""
    return frozenset(_grams(words_told(markdown), _ACROSS))


def _grams(words: Sequence[str], size: int) -> list[int]:
    """Return the hash of each sequence of so many words: 64 bits of which hardly any two are ever alike.

    Numbers take a tenth of the room, and give the garbage collector nothing to look through.
    """
    return list(map(hash, zip(*(words[start:] for start in range(size)), strict=False)))


def _runs(words: Sequence[str], where: Sequence[int]) -> Iterator[SaidBefore]:
    """Join sequences that follow each other in one earlier chapter."""
    start = 0
    for at in range(1, len(where) + 1):
        if at == len(where) or where[at] != where[start]:
            if where[start]:
                run = words[start : at - 1 + _ACROSS]
                text = " ".join(run[:_LONGEST_SHOWN]) + (" …" if len(run) > _LONGEST_SHOWN else "")
                yield SaidBefore(text, where[start])
            start = at
