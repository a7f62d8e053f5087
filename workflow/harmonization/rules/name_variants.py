"""Names that are almost always spelled in one way, and in a few places in another. Only ever suggestions."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from workflow.harmonization.facts import BookFacts, ChapterText, Place
from workflow.harmonization.prose import proper_names, word_set
from workflow.harmonization.types import Finding, Rule

from .kept_names import Keeping
from .majority import StyleCount, counted, where

RULE = Rule(
    "name_variants",
    "Names are spelled the same",
    "A name that is almost always spelled in one way, and here in another, is pointed out.",
    False,
    "minor",
)

MIN_LETTERS = 4
LETTERS_FOR_TWO_EDITS = 8
MIN_RATIO = 80.0
MIN_TIMES_MORE = 3
_ENDINGS = word_set("""
    s es n an ns ans ian ians er ers ese ish y ed ing ly
""")
_ACRONYM = re.compile(r"[\d_]|[A-Z]{2}")
_LOWER_WORD = re.compile(r"(?<![\w'’-])[a-zà-öø-ÿ]{4,}(?!['’\w])")
_COMMON_SHARE = 0.25
_ENDING_LETTERS = 3
_DIFFERENT = frozenset(
    frozenset(pair.split())
    for pair in (
        "iceland ireland",
        "austria australia",
        "slovakia slovenia",
        "niger nigeria",
        "tuesday thursday",
        "monday sunday",
        "marie maria",
        "mario maria",
        "march marsh",
        "swiss swedish",
        "north south",
        "paul paula",
        "john joan",
        "jane jean",
        "dan don",
        "eric erin",
        "june july",
        "india indiana",
        "dominic dominica",
        "georgia georgina",
        "mauritius mauritania",
        "carol carole",
        "carl karl",
        "western eastern",
        "northern southern",
        "minister ministry",
    )
)


@dataclass(frozen=True)
class NamesRead:
    """The names of a chapter: how often each stands in it, and where outside protected spans.

    `lower_elsewhere` are those (in lower case) that the chapter also writes without their capital.
    """

    counts: Mapping[str, int]
    places: tuple[Place, ...]
    in_sources: frozenset[str]
    lower_elsewhere: frozenset[str]


def read(text: ChapterText) -> NamesRead:
    """Count the capitalized names of the text, quotations included, and note which the sources spell so."""
    found = [name for name in proper_names(text.markdown) if not _in_heading(text.markdown, name.start)]
    places = tuple(
        Place(name.start, name.text)
        for name in found
        if text.is_free(name.start, name.start + len(name.text)) and len(name.text) >= MIN_LETTERS
    )
    said = "\n".join(chunk.text for chunk in text.chunks)
    in_sources = frozenset(name for name in {place.text for place in places} if name in said)
    counts = dict(Counter(name.text for name in found))
    single = {name.lower() for name in counts if " " not in name}
    lower = frozenset(single.intersection(_LOWER_WORD.findall(text.markdown))) if single else frozenset()
    return NamesRead(counts, places, in_sources, lower)


def _in_heading(markdown: str, at: int) -> bool:
    return markdown.startswith("#", markdown.rfind("\n", 0, at) + 1)


@dataclass(frozen=True)
class _Usual:
    """The spelling that a name should have, and whether the person keeps it."""

    name: str
    is_kept: bool = False


@dataclass(frozen=True)
class _Known:
    """How often and in how many chapters each name stands; a full name also counts for its last word."""

    counts: Mapping[str, StyleCount]
    by_block: Mapping[tuple[str, int], Sequence[str]]
    common_words: frozenset[str]


def find(book: BookFacts[NamesRead]) -> Iterator[Finding]:
    """Yield a suggestion for each rare spelling of a frequent name, outside protected spans.

    Same first letter and word count; one edit (four letters and more) or two (eight and more), Damerau-
    Levenshtein; ratio of at least 80; the usual spelling stands at least three times as often. A spelling that
    the person keeps is the usual one, however rare, and is never suggested away.
    """
    known = _known(book)
    kept = Keeping.of(book.kept_names)
    usual = _usual_spellings(book, known, kept)
    for chapter in book.chapters:
        for place in chapter.facts.places:
            spelled = usual.get(place.text)
            if spelled:
                yield _finding(chapter.number, place, spelled, known, place.text in chapter.facts.in_sources)


def _known(book: BookFacts[NamesRead]) -> _Known:
    places: Counter[str] = Counter()
    chapters: Counter[str] = Counter()
    for chapter in book.chapters:
        counts = Counter(chapter.facts.counts)
        for name, count in chapter.facts.counts.items():
            if " " in name:
                counts[name.rpartition(" ")[2]] += count
        places.update(counts)
        chapters.update(counts.keys())
    lower = Counter(word for chapter in book.chapters for word in chapter.facts.lower_elsewhere)
    common = {name for name in places if lower[name.lower()] > chapters[name] * _COMMON_SHARE}
    by_block: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for name, count in sorted(places.items(), key=lambda item: (-item[1], item[0])):
        if count >= MIN_TIMES_MORE and name not in common:
            by_block[_block(name)].append(name)
    counted_names = {name: StyleCount(places[name], chapters[name]) for name in places}
    return _Known(counted_names, by_block, frozenset(common))


def _block(name: str) -> tuple[str, int]:
    return name[0], name.count(" ")


def _usual_spellings(book: BookFacts[NamesRead], known: _Known, kept: Keeping) -> dict[str, _Usual]:
    variants = sorted({place.text for chapter in book.chapters for place in chapter.facts.places})
    ignored = {name.casefold() for name in book.ignored_names}
    found: dict[str, _Usual] = {}
    for variant in variants:
        if kept.is_kept(variant):
            continue
        if right := kept.right_for(variant, _is_variant):
            found[variant] = _Usual(right, is_kept=True)
            continue
        alone = variant.casefold() in ignored or variant in known.common_words
        usual = None if alone else _usual(variant, known, ignored)
        if usual:
            found[variant] = _Usual(usual)
    return found


def _usual(variant: str, known: _Known, ignored: Iterable[str]) -> str | None:
    """Return the most frequent name that `variant` is probably meant to be."""
    least = known.counts[variant].places * MIN_TIMES_MORE
    for name in known.by_block.get(_block(variant), ()):
        if known.counts[name].places < least:
            return None
        if name.casefold() not in ignored and _is_variant(variant, name):
            return name
    return None


def _is_variant(variant: str, name: str) -> bool:
    if variant == name or abs(len(variant) - len(name)) > 2:
        return False
    shorter = min(len(variant), len(name))
    if shorter < MIN_LETTERS or variant.casefold() == name.casefold():
        return False
    edits = 2 if shorter >= LETTERS_FOR_TWO_EDITS else 1
    if (
        DamerauLevenshtein.distance(variant, name, score_cutoff=edits) > edits
        or fuzz.ratio(variant, name) < MIN_RATIO
    ):
        return False
    pairs = zip(variant.split(" "), name.split(" "), strict=True)
    return all(_same_word(a, b) for a, b in pairs if a != b)


def _same_word(one: str, other: str) -> bool:
    """Say whether two different words can be spellings of one: not two words that differ by an ending."""
    a, b = sorted((one.casefold(), other.casefold()), key=len)
    if frozenset((a, b)) in _DIFFERENT or len(a) < MIN_LETTERS or _ACRONYM.search(f"{one} {other}"):
        return False
    stem = min(len(a), len(b)) - _ENDING_LETTERS
    if a[:stem] == b[:stem] and DamerauLevenshtein.distance(a, b) > 1:
        return False
    added = b.removeprefix(a)
    doubled = len(added) == 1 and added == a[-1]
    return added == b or doubled or (added not in _ENDINGS and added != "a")


def _finding(chapter: int, place: Place, usual: _Usual, known: _Known, in_sources: bool) -> Finding:
    count, rare = known.counts.get(usual.name, StyleCount(0, 0)), known.counts[place.text]
    also = " A source of this chapter spells it this way too." if in_sources else ""
    rarely = "once otherwise" if rare.places == 1 else f"{counted(rare.places, 'time', 'times')} otherwise"
    usually = f"Spelled “{usual.name}” in {where(count)}, and {rarely}."
    asked = f"You keep the spelling “{usual.name}”; here it is otherwise."
    return Finding(
        chapter=chapter,
        rule=RULE.key,
        find=place.text,
        replace=usual.name,
        start=place.start,
        end=place.start + len(place.text),
        reason=f"{asked if usual.is_kept else usually}{also}",
        severity="info" if in_sources else "minor",
        evidence={
            "usual": usual.name,
            "usual_places": count.places,
            "usual_chapters": count.chapters,
            "places": rare.places,
            "in_sources": in_sources,
            "kept": usual.is_kept,
        },
        automatic=False,
    )
