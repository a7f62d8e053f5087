"""Exact facts of a written chapter: the sentences that first name somebody or something, or give a number or a date."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .names import find_names, name_key
from .sentences import Told

MOST_FACTS = 24
MOST_FIGURES = 2
SHORTEST, LONGEST = 12, 300
INTRODUCTION, FIGURE = "introduction", "figure"
_FIGURE = re.compile(
    r"\d|\b(?:January|February|March|April|June|July|August|September|October|November|December"
    r"|(?i:hundred|thousand|million|billion|dozen|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty))\b"
)


@dataclass(frozen=True)
class Fact:
    """One sentence about one name. `key` is the name's; see KnownFact for the rest."""

    key: str
    name: str
    kind: str
    sentence: str
    chunk_ids: tuple[str, ...]


def find_facts(
    told: Iterable[Told], people: Iterable[str], settled: Collection[str] = frozenset()
) -> tuple[Fact, ...]:
    """Return the facts in the chapter's order, at most 24. Of names in `settled` enough is known already."""
    sentences = [each for each in told if SHORTEST <= len(each.whole) <= LONGEST]
    names = find_names((each.text for each in sentences), people)
    wanted = {key: name for key, name in names.items() if key not in settled}
    return tuple(_facts(sentences, wanted))[:MOST_FACTS] if wanted else ()


def _facts(sentences: Iterable[Told], names: Mapping[str, str]) -> Iterator[Fact]:
    pattern = _any_of(names.values())
    introduced: set[str] = set()
    figures: Counter[str] = Counter()
    for told in sentences:
        has_figure = _FIGURE.search(told.text) is not None
        for key in dict.fromkeys(name_key(match[0]) for match in pattern.finditer(told.text)):
            if key not in introduced:
                introduced.add(key)
                kind = INTRODUCTION
            elif has_figure and figures[key] < MOST_FIGURES:
                figures[key] += 1
                kind = FIGURE
            else:
                continue
            yield Fact(key, names.get(key, key), kind, told.whole, told.chunk_ids)


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
