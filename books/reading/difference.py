"""What differs between two texts of a chapter, word by word, in pieces."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import NamedTuple

from books.text.citations import paragraphs, unescape_markdown

# difflib is quadratic at its worst: beyond this many words a changed paragraph is shown as a whole.
COMPARED_WORDS = 1_500
_COMPARED_IN_ALL = 30_000

_TOKEN = re.compile(r"\s+|[^\W_]+(?:['’\-][^\W_]+)*|[^\s\w]|_")
_DECORATION = re.compile(r"(\\.)|^#{1,6}[ \t]+|^>[ \t]?|(?<=\S)\*+|\*+(?=\S)", re.MULTILINE)


class Kind(StrEnum):
    """What became of a piece of the text."""

    KEPT = "kept"
    GONE = "gone"
    COME = "come"


class Piece(NamedTuple):
    """Words in a row of which the same became."""

    text: str
    kind: Kind = Kind.KEPT


def word_diff(old: str, new: str) -> list[list[Piece]]:
    """Return the paragraphs of `new` in pieces, with what is gone and what has come against `old`.

    Formatting is left out: two texts of the same words show no difference. Long changes are bounded.
    """
    before, after = _readable(old), _readable(new)
    left = _COMPARED_IN_ALL
    found: list[list[Piece]] = []
    for a1, a2, b1, b2 in _aligned(before, after):
        if before[a1:a2] == after[b1:b2]:
            found += [[Piece(text)] for text in after[b1:b2]]
            continue
        for one, other in _paired(before[a1:a2], after[b1:b2]):
            words = len(one.split()) + len(other.split())
            left -= words
            pieces = _compare(one, other, in_detail=left > 0 and words <= COMPARED_WORDS)
            found.append([piece for piece in pieces if piece.text])
    return found


def _readable(markdown: str) -> list[str]:
    plain = (_DECORATION.sub(lambda match: match[1] or "", text) for _, _, text in paragraphs(markdown))
    return [unescape_markdown(text) for text in plain]


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    for _, a1, a2, b1, b2 in SequenceMatcher(None, before, after).get_opcodes():
        yield a1, a2, b1, b2


def _paired(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    for index in range(max(len(before), len(after))):
        yield before[index] if index < len(before) else "", after[index] if index < len(after) else ""


def _compare(old: str, new: str, *, in_detail: bool) -> list[Piece]:
    if not in_detail or not old or not new:
        return [Piece(old, Kind.GONE), Piece(" " if old and new else ""), Piece(new, Kind.COME)]
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    head = _common_start(before, after)
    tail = _common_start(before[head:][::-1], after[head:][::-1])
    middle_before, middle_after = before[head : len(before) - tail], after[head : len(after) - tail]
    pieces = [Piece("".join(after[:head]))]
    gone: list[str] = []
    come: list[str] = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, middle_before, middle_after).get_opcodes():
        both = "".join(middle_after[b1:b2]) if kind == "equal" else ""
        if both.strip():
            pieces += [*_changed(gone, come), Piece(both)]
            gone, come = [], []
        else:
            gone += middle_before[a1:a2]
            come += middle_after[b1:b2]
    return [*pieces, *_changed(gone, come), Piece("".join(after[len(after) - tail :]))]


def _changed(gone: list[str], come: list[str]) -> list[Piece]:
    return [Piece("".join(gone), Kind.GONE), Piece("".join(come), Kind.COME)]


def _common_start(before: Sequence[str], after: Sequence[str]) -> int:
    for index, (one, other) in enumerate(zip(before, after, strict=False)):
        if one != other:
            return index
    return min(len(before), len(after))
