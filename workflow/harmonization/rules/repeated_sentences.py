"""Sentences that two chapters have in almost the same words."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from books.text.sentences import sentence_spans
from workflow.harmonization.facts import BookFacts, ChapterText, Place
from workflow.harmonization.types import Finding, Rule

RULE = Rule(
    "repeated_sentences",
    "Things are told once",
    "Sentences that two chapters have in almost the same words are pointed out.",
    False,
    "info",
)

MIN_WORDS = 8
SIMILARITY = 0.6
MAX_SHINGLE_SENTENCES = 50
_REFRAIN_CHAPTERS = 3
_OPENING_WORDS = 4
_REFRAIN_SHARE = 0.25
_WORD = re.compile(r"\w+(?:['’]\w+)*")

Shingle = tuple[str, str, str]


def read(text: ChapterText) -> tuple[Place, ...]:
    """Collect the sentences of at least eight words that lie outside protected spans and headings."""
    return tuple(_read(text))


def _read(text: ChapterText) -> Iterator[Place]:
    for gap_start, gap_end in text.protected.gaps(len(text.markdown)):
        if gap_end - gap_start < MIN_WORDS * 3:
            continue
        for start, end in _sentences(text.markdown, gap_start, gap_end):
            sentence = text.markdown[start:end]
            if not sentence.startswith("#") and sentence.count(" ") >= MIN_WORDS - 1:
                yield Place(start, sentence)


def _sentences(markdown: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for line in markdown[start:end].split("\n"):
        if not line.startswith("#"):
            yield from sentence_spans(markdown, at, at + len(line))
        at += len(line) + 1


@dataclass(frozen=True)
class _Sentence:
    chapter: int
    place: Place
    shingles: frozenset[Shingle]


def find(book: BookFacts[tuple[Place, ...]]) -> Iterator[Finding]:
    """Yield a look-only finding for each sentence that an earlier chapter has too (Jaccard of 3-grams >= .6).

    Shingles of more than 50 sentences do not count, nor do sentences, or ways to begin one, that many
    chapters share: they are a refrain, or the form of the book. Linear in the number of sentences.
    """
    sentences = [_shingled(c.number, place) for c in book.chapters for place in c.facts]
    index = _index(sentences)
    twins = {at: _twins(at, sentences, index) for at in range(len(sentences))}
    refrain = max(_REFRAIN_CHAPTERS, round(len(book.chapters) * _REFRAIN_SHARE))
    openings = Counter(opening for c in book.chapters for opening in {_opening(p.text) for p in c.facts})
    for at, others in twins.items():
        sentence = sentences[at]
        chapters = {sentences[other].chapter for other in others}
        earlier = [other for other in others if sentences[other].chapter < sentence.chapter]
        if not earlier or len(chapters) + 1 >= refrain:
            continue
        if openings[_opening(sentence.place.text)] >= refrain:
            continue
        yield _finding(sentence, sentences[earlier[0]])


def _opening(sentence: str) -> str:
    """Return how a sentence begins, whatever numbers and names it has there."""
    words = _WORD.findall(sentence[:120])[:_OPENING_WORDS]
    rest = ["#" if word[0].isupper() or word.isdigit() else word for word in words[1:]]
    return " ".join([*words[:1], *rest])


def _shingled(chapter: int, place: Place) -> _Sentence:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(place.text)]
    return _Sentence(chapter, place, frozenset(zip(words, words[1:], words[2:], strict=False)))


def _index(sentences: Sequence[_Sentence]) -> Mapping[Shingle, list[int]]:
    index: defaultdict[Shingle, list[int]] = defaultdict(list)
    for at, sentence in enumerate(sentences):
        for shingle in sentence.shingles:
            index[shingle].append(at)
    return {shingle: places for shingle, places in index.items() if 1 < len(places) <= MAX_SHINGLE_SENTENCES}


def _twins(at: int, sentences: Sequence[_Sentence], index: Mapping[Shingle, list[int]]) -> list[int]:
    """Return the sentences of other chapters that are nearly the same, in order."""
    mine = sentences[at]
    shared = Counter(chain.from_iterable(index[shingle] for shingle in mine.shingles if shingle in index))
    twins = []
    for other, count in shared.items():
        theirs = sentences[other]
        together = len(mine.shingles) + len(theirs.shingles) - count
        if theirs.chapter != mine.chapter and count >= SIMILARITY * together:
            twins.append(other)
    return sorted(twins)


def _finding(sentence: _Sentence, earlier: _Sentence) -> Finding:
    return Finding(
        chapter=sentence.chapter,
        rule=RULE.key,
        find=sentence.place.text,
        replace=None,
        start=sentence.place.start,
        end=sentence.place.start + len(sentence.place.text),
        reason=f"Chapter {earlier.chapter} has a sentence that is almost the same: “{earlier.place.text}”",
        severity="info",
        evidence={"chapter": earlier.chapter, "text": earlier.place.text},
        automatic=False,
    )
