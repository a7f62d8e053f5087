"""Exact facts of a written chapter: sentences that introduce somebody or something, or give a number or a date."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from workflow.agents.questions.unknown_names import CALLED, EXPLAINED_BEHIND, RELATED
from workflow.agents.quotations.turns import plain_name
from workflow.agents.quotations.words import split_words, terms_of

from .names import find_names, name_key
from .told import Told

MOST_FACTS = 24
MOST_FIGURES = 2
SHORTEST, LONGEST = 12, 300
FEWEST_TERMS = 3
INTRODUCTION, FIGURE = "introduction", "figure"
_FIGURE = re.compile(
    r"\d|\b(?:January|February|March|April|June|July|August|September|October|November|December"
    r"|(?i:hundred|thousand|million|billion|dozen|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty))\b"
)
_OF_ONESELF = re.compile(r"\b(?:I|my|My|we|We|our|Our)\b")
# Somebody who is spoken to, or who only begins to speak, is not spoken about.
_ADDRESSED = re.compile(r"(?:^|[,;]\s+|\b(?i:thank you|thanks|okay|yes|no|hello|roger)[,.]?\s+)\Z")
_EXPLAINED_BEHIND = re.compile(EXPLAINED_BEHIND)
_EXPLAINED_BEFORE = re.compile(rf"(?:\b(?:{CALLED})|\b(?:{RELATED})|\()\Z")
_REACH = 60


@dataclass(frozen=True)
class Fact:
    """One sentence about one name. `key` is the name's; see KnownFact for the rest."""

    key: str
    name: str
    kind: str
    sentence: str
    chunk_ids: tuple[str, ...]


@dataclass(frozen=True)
class _Mention:
    """A sentence that says something about a name."""

    place: int
    told: Told
    is_explained: bool
    has_figure: bool


def find_facts(
    told: Iterable[Told], people: Collection[str], settled: Collection[str] = frozenset()
) -> tuple[Fact, ...]:
    """Return the facts in the chapter's order, at most 24. Of names in `settled` enough is known already."""
    sentences = [each for each in told if SHORTEST <= len(each.whole) <= LONGEST]
    found = find_names((each.text for each in sentences), people)
    names = {key: name for key, name in found.items() if key not in settled}
    if not names:
        return ()
    facts = [
        (mention.place, Fact(key, names[key], kind, mention.told.whole, mention.told.chunk_ids))
        for key, mentions in _mentions(sentences, names).items()
        for kind, mention in _chosen(mentions)
    ]
    kept = sorted(facts, key=lambda each: (each[1].kind == FIGURE, each[0]))[:MOST_FACTS]
    return tuple(fact for _, fact in sorted(kept, key=lambda each: each[0]))


def _mentions(sentences: Sequence[Told], names: Mapping[str, str]) -> dict[str, list[_Mention]]:
    """Return by key the sentences of substance that are about the name, in order."""
    found: defaultdict[str, list[_Mention]] = defaultdict(list)
    pattern = _any_of(names.values())
    for place, told in enumerate(sentences):
        about = _named_in(told, pattern, names)
        if about and len(set(terms_of(split_words(told.text)))) >= FEWEST_TERMS:
            has_figure = _FIGURE.search(told.text) is not None
            for key, is_explained in about.items():
                found[key].append(_Mention(place, told, is_explained, has_figure))
    return found


def _named_in(told: Told, pattern: re.Pattern[str], names: Mapping[str, str]) -> dict[str, bool]:
    """Return the keys of the names that the sentence is about, and whether it explains them.

    It is about its speaker, too, where they give a figure of their own.
    """
    about: dict[str, bool] = {}
    for match in pattern.finditer(told.text):
        if not _is_addressed(told.text, match.start(), match.end()):
            key = name_key(match[0])
            about[key] = about.get(key, False) or _is_explained(told.text, match.start(), match.end())
    speaker = name_key(plain_name(told.speaker)) if told.speaker else ""
    if speaker in names and _FIGURE.search(told.text) and _OF_ONESELF.search(told.text):
        about.setdefault(speaker, False)
    return about


def _is_addressed(text: str, start: int, end: int) -> bool:
    following = text[end : end + 1]
    if following == ":":
        return True
    return following in ",.?!;" and _ADDRESSED.search(text, max(0, start - 20), start) is not None


def _is_explained(text: str, start: int, end: int) -> bool:
    before = _EXPLAINED_BEFORE.search(text, max(0, start - _REACH), start)
    return before is not None or _EXPLAINED_BEHIND.match(text, end) is not None


def _chosen(mentions: Sequence[_Mention]) -> list[tuple[str, _Mention]]:
    """Return the sentence that introduces the name (the first that explains it, else the first), and some figures."""
    first = next((each for each in mentions if each.is_explained), mentions[0])
    figures = [each for each in mentions if each.has_figure and each is not first][:MOST_FIGURES]
    return [(INTRODUCTION, first), *((FIGURE, each) for each in figures)]


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
