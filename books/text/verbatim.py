"""The one answer to whether words are quoted verbatim: in order, near each other, but for typography.

What a quotation leaves out may be whole sentences, or words of one; never a negation of the sentence that it shows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .negations import has_negation
from .typography import QUOTATION_MARKS, fold, is_unseen_or_combining

# Characters between two pieces of one quotation: some six sentences.
WIDEST_GAP = 600
_FEWEST_WORDS = 2
_MOST_TRIES = 2_000
# What stands around a cut: the words that belong to the piece before or after it.
_EDGE_CHARACTERS = 60
_EDGE_WORDS = 3
_CACHED_SOURCES = 128
Span = tuple[int, int]

# A pause ("…") ends no sentence.
_SENTENCE_END = re.compile(rf"(?<!\.)(?:[!?؟।]|\.(?!\.))+[{QUOTATION_MARKS})\]]*(?=\s|$)|[。！？｡]|\n")
_ENDED = re.compile(rf"(?:[!?؟।。！？｡\n]|(?<!\.)\.)[{QUOTATION_MARKS})\]\s]*$")
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_LETTERS_LIKE_TWO_WORDS = 3
_CLAUSE_END = re.compile(r"[.!?,;:…()\[\]—–。！？，、；：؟،।\n]|\s-\s")
_BEFORE_SENTENCE = re.compile(rf"(?:^|[.!?…؟।:：。！？｡\n])[\s{QUOTATION_MARKS}(\[)\]\-–—…]*$")
_AFTER_SENTENCE = re.compile(rf"[{QUOTATION_MARKS})\]\s]*(?:$|[.!?…؟।。！？｡\n])")
_ENDS_SENTENCE = re.compile(rf"[.!?…؟।。！？｡][{QUOTATION_MARKS})\]]*$")
# A quotation may end in a mark of its own; an ellipsis is no such mark.
_LOOSE_ENDS = " ,;:-"
_LOOSE_END = re.compile(r"(?<!\.)\.$")


@dataclass(frozen=True)
class Quotation:
    """The pieces of a quotation, and what stands in it before, between and behind them ("" for nothing).

    `gaps` are marks of omission or words in brackets; there is one more of them than of pieces.
    """

    pieces: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """Pieces first to last of a quotation, which stand without a gap at source[start:end]."""

    first: int
    last: int
    start: int
    end: int


def find_verbatim(quotation: Quotation, source: str) -> list[Found]:
    """Return where the source has the quotation, piece by piece; an empty list where it is not verbatim."""
    if not quotation.pieces:
        return []
    places = _exact(quotation, source)
    return places if places is not None else _folded(quotation, source)


def may_follow(source: str, end: int, start: int) -> bool:
    """Whether one quotation may go on at source[start:] after source[:end], with an ellipsis between the two."""
    return 0 <= start - end <= WIDEST_GAP and not _swallows(source, end, start)


def _exact(quotation: Quotation, source: str) -> list[Found] | None:
    if not all(piece in source for piece in quotation.pieces):
        return None
    spans = _chain(source, quotation.pieces, quotation.gaps)
    return _joined(quotation, source, spans) if spans else None


def _folded(quotation: Quotation, source: str) -> list[Found]:
    said = _folded_source(source)
    pieces = [_LOOSE_END.sub("", fold(piece).strip(_LOOSE_ENDS)) for piece in quotation.pieces]
    if not all(piece and piece in said for piece in pieces):
        return []
    spans = _chain(said, pieces, quotation.gaps)
    return _joined(quotation, source, [_unfolded(source, *span) for span in spans]) or []


@lru_cache(maxsize=_CACHED_SOURCES)
def _folded_source(source: str) -> str:
    return fold(source)


def _chain(said: str, pieces: Sequence[str], gaps: Sequence[str]) -> list[Span]:
    """Return where the pieces stand one after the other; an empty list where they do not."""
    path: list[Span] = []
    open_places = [_places(said, pieces[0], 0, len(said))]
    dead: set[tuple[int, int]] = set()
    for _ in range(_MOST_TRIES + 2 * len(pieces)):
        level = len(path)
        start = next(open_places[-1], None)
        if start is None:
            open_places.pop()
            if not path:
                return []
            dead.add((level - 1, path.pop()[0]))
            continue
        end = start + len(pieces[level])
        if (level, start) in dead or not _fits(said, path, start, gaps[0]):
            continue
        path.append((start, end))
        if level + 1 == len(pieces):
            if not (gaps[-1] and _denies_after(said, end)):
                return path
            path.pop()
            continue
        reach = end + WIDEST_GAP + len(pieces[level + 1])
        open_places.append(_places(said, pieces[level + 1], end, reach))
    return []


def _places(said: str, piece: str, start: int, end: int) -> Iterator[int]:
    """Yield where the piece stands with whole words."""
    at = said.find(piece, start, end)
    while at >= 0:
        if _is_edge(said, at) and _is_edge(said, at + len(piece)):
            yield at
        at = said.find(piece, at + 1, end)


def _is_edge(said: str, at: int) -> bool:
    """Whether no word goes on over this place."""
    if not 0 < at < len(said):
        return True
    before, after = said[at - 1], said[at]
    inside = before.isalnum() and (after.isalnum() or is_unseen_or_combining(after))
    return not inside or bool(_UNSPACED.match(before) or _UNSPACED.match(after))


def _fits(said: str, path: Sequence[Span], start: int, lead: str) -> bool:
    if path:
        return not _swallows(said, path[-1][1], start)
    return not (lead and _denies_before(said, start))


def _swallows(said: str, end: int, start: int) -> bool:
    """Whether an omission takes a negation out of the sentence that it begins in, or of the one that it ends in."""
    omitted = said[end:start]
    ends = list(_SENTENCE_END.finditer(omitted))
    parts = [omitted[: ends[0].start()], omitted[ends[-1].end() :]] if ends else [omitted]
    if ends and _ENDED.search(said, max(0, end - _EDGE_CHARACTERS), end):
        del parts[0]
    return any(has_negation(fold(part)) for part in parts if part.strip())


def _denies_before(said: str, start: int) -> bool:
    before = _CLAUSE_END.split(said[max(0, start - _EDGE_CHARACTERS) : start])[-1]
    return has_negation(fold(" ".join(before.split()[-_EDGE_WORDS:])))


def _denies_after(said: str, end: int) -> bool:
    after = _CLAUSE_END.split(said[end : end + _EDGE_CHARACTERS])[0]
    return has_negation(fold(" ".join(after.split()[:_EDGE_WORDS])))


def _joined(quotation: Quotation, source: str, spans: Sequence[Span]) -> list[Found] | None:
    """Join pieces between which the source has what the quotation has; None where one of them is a mere word."""
    found: list[Found] = []
    for number, (start, end) in enumerate(spans):
        last = found[-1] if found else None
        if last and _is_no_gap(source[last.end : start], quotation.gaps[number]):
            found[-1] = Found(last.first, number, last.start, end)
        else:
            found.append(Found(number, number, start, end))
    return found if found and all(_is_telling(source, each) for each in found) else None


def _is_no_gap(said: str, written: str) -> bool:
    return not _WORD.search(said) or fold(said).strip() == fold(written).strip()


def _is_telling(source: str, found: Found) -> bool:
    """Whether a piece has words enough to be somebody's, or is all that was said."""
    text = source[found.start : found.end]
    words = _WORD.findall(text)
    if len(words) >= _FEWEST_WORDS or len(_UNSPACED.findall(text)) >= _LETTERS_LIKE_TWO_WORDS or not words:
        return True
    begins = _BEFORE_SENTENCE.search(source, max(0, found.start - _EDGE_CHARACTERS), found.start)
    return bool(begins and (_ENDS_SENTENCE.search(text) or _AFTER_SENTENCE.match(source, found.end)))


def _unfolded(source: str, start: int, end: int) -> Span:
    """Return the span of the source whose folded form is said[start:end]."""
    first, last = _beginning_of(source, start + 1) - 1, _beginning_of(source, end)
    while last < len(source) and is_unseen_or_combining(source[last]):
        last += 1
    return first, last


def _beginning_of(source: str, length: int) -> int:
    """Return how many characters of the source it takes until their folded form has this length."""
    low, high = 0, len(source)
    while low < high:
        middle = (low + high) // 2
        if len(fold(source[:middle])) < length:
            low = middle + 1
        else:
            high = middle
    return low
