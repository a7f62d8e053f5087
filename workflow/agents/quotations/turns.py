"""In which order chunks were spoken, and who says which line: labels, told from words that only look like one."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from books.text.english import NAME_PARTICLES, NOT_A_SPEAKER, ROLES
from workflow.contract.agent_types import SourceChunk

_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_PREFIX = re.compile(r"[\s>*_#\-–—]*(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?[\])]?[\s\-–—*_]*)?")
_TIME_AFTER = re.compile(r"\s*[\[(]\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?[\])]\s*$")
_BODY_START = re.compile(r"[\s*_]*")
_OFFICE = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)\s*$")
_COLON = re.compile("[:：]")
_NOT_IN_NAMES = re.compile(r"[?!;,\"“”/\\@=+|<>{}\[\]#%&*…。，]")
_LABEL_CHARACTERS = 200
_LONGEST_LABEL = 400
_NAME_CHARACTERS = 60
_NAME_WORDS = 6
_COLONS_TRIED = 3
_LABELLED_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Line:
    """What one speaker says on one line: text[start:end] of the chunk at place `chunk` in the given order."""

    chunk: int
    start: int
    end: int
    speaker: str


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    body_start: int


def find_lines(chunks: Sequence[SourceChunk], participants: Iterable[str] = ()) -> list[Line]:
    """Return every line of `chunks` with its speaker, "" where the record does not say who speaks."""
    people = list(participants)
    repeated = _repeated_names(chunks)
    return [
        line
        for place, chunk in enumerate(chunks)
        for line in _lines_of(place, chunk, _known_names([chunk.speaker, *chunk.speakers, *people]), repeated)
    ]


def plain_name(label: str) -> str:
    """Return a label without the office that stands behind it in parentheses; "" for over 400 characters."""
    if len(label) > _LONGEST_LABEL:
        return ""
    name = _TIME_AFTER.sub("", label)
    return " ".join((_OFFICE.sub("", name) or name).split()).strip("*_ ")


def _lines_of(
    place: int, chunk: SourceChunk, known: Mapping[str, str], repeated: frozenset[str]
) -> Iterator[Line]:
    spans = [match.span() for match in _LINE.finditer(chunk.text)]
    labels = [_label_at(chunk.text, start, end, known) for start, end in spans]
    lone = plain_name(chunk.speaker) or (plain_name(chunk.speakers[0]) if len(chunk.speakers) == 1 else "")
    labels = _believed(labels, known, repeated, named=bool(lone))
    speaker = "" if any(labels) else lone
    for (start, end), label in zip(spans, labels, strict=True):
        if label:
            speaker = known.get(label.name.casefold(), label.name)
        yield Line(place, label.body_start if label else start, end, speaker)


def _label_at(text: str, start: int, end: int, known: Mapping[str, str]) -> _Label | None:
    """Find "Name:" at the start of a line: a known name, else the first that has the shape of one."""
    prefix = _PREFIX.match(text, start, end)
    name_start = prefix.end() if prefix else start
    reach = min(end, name_start + _LABEL_CHARACTERS)
    shaped: _Label | None = None
    for tried, colon in enumerate(_COLON.finditer(text, name_start, reach)):
        name = plain_name(text[name_start : colon.start()])
        if name.casefold() in known:
            return _Label(name, _body_start(text, colon.end(), end))
        spaced = colon.end() == end or not text[colon.end()].isalnum() or colon.group() == "："
        if tried == 0 and spaced and _looks_like_a_name(name):
            shaped = _Label(name, _body_start(text, colon.end(), end))
        if tried + 1 == _COLONS_TRIED:
            break
    return shaped


def _body_start(text: str, start: int, end: int) -> int:
    body = _BODY_START.match(text, start, end)
    return body.end() if body else start


def _believed(
    labels: Sequence[_Label | None], known: Mapping[str, str], repeated: frozenset[str], *, named: bool
) -> list[_Label | None]:
    """Keep the labels that are known, that come again, that most lines have, or that are clearly names."""
    shaped = sum(label is not None for label in labels)
    mostly = shaped >= 2 and shaped >= _LABELLED_SHARE * len(labels)

    def believed(name: str) -> bool:
        key = name.casefold()
        return key in known or key in repeated or mostly or (not named and _is_clearly_a_name(name))

    return [label if label and believed(label.name) else None for label in labels]


def _looks_like_a_name(name: str) -> bool:
    words = name.split()
    if not words or len(name) > _NAME_CHARACTERS or len(words) > _NAME_WORDS or _NOT_IN_NAMES.search(name):
        return False
    if words[0].casefold().rstrip(".") in NOT_A_SPEAKER or not words[0][0].isalpha() or words[0][0].islower():
        return False
    return all(_may_be_in_a_name(word) for word in words)


def _may_be_in_a_name(word: str) -> bool:
    return not word[0].islower() or word.rstrip(".") in NAME_PARTICLES or "'" in word[:3]


def _is_clearly_a_name(name: str) -> bool:
    words = [word.casefold().rstrip(".") for word in name.split()]
    return (
        words[0] in ROLES
        or "." in name[:5]
        or sum(word[0].isupper() for word in name.split()) >= 2
        or (name.isupper() and len(name) >= 3)
    )


def _repeated_names(chunks: Sequence[SourceChunk]) -> frozenset[str]:
    counts: Counter[str] = Counter()
    for chunk in chunks:
        for match in _LINE.finditer(chunk.text):
            label = _label_at(chunk.text, *match.span(), {})
            if label:
                counts[label.name.casefold()] += 1
    return frozenset(name for name, count in counts.items() if count >= 2)


def _known_names(names: Iterable[str]) -> dict[str, str]:
    """Map the case-folded names, with and without office, to the name that a chapter shows."""
    known: dict[str, str] = {}
    for name in names:
        shown = plain_name(name)
        if shown:
            known.setdefault(shown.casefold(), shown)
    return known


def in_spoken_order(chunks: Sequence[SourceChunk]) -> tuple[list[SourceChunk], bool]:
    """Return the chunks by sequence, else by start time, else as given; and whether that is the spoken order.

    Sequences and times count within one recording: where they overlap between sources, each source's
    chunks stay together.
    """
    recordings = {source: place for place, source in enumerate(dict.fromkeys(c.source for c in chunks))}
    sequences = [chunk.sequence for chunk in chunks if chunk.sequence is not None]
    if len(sequences) == len(chunks):
        if len(set(sequences)) == len(chunks):
            return sorted(chunks, key=_sequence), True
        return sorted(chunks, key=lambda c: (recordings[c.source], _sequence(c))), len(recordings) == 1
    if all(chunk.start_seconds is not None for chunk in chunks):
        return sorted(chunks, key=lambda c: (recordings[c.source], _start(c))), len(recordings) == 1
    return list(chunks), False


def _sequence(chunk: SourceChunk) -> int:
    return chunk.sequence or 0


def _start(chunk: SourceChunk) -> float:
    return chunk.start_seconds or 0.0
