"""Underlines weak sentences in a parsed chapter by their letters: no Markdown between those can break it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markdown_it.token import Token

from .marks import WeakSentence, letters_of

_TEXT = ("text", "code_inline")
_TRAILING = ".,;:!?…\"'”’)]"
_LEADING = "\"'“‘(["
_NAMED_AT_MOST = 4
Place = tuple[int, int]


@dataclass(frozen=True)
class _Piece:
    """Part of a sentence in one text token: its characters from `start` to before `end`."""

    token: int
    start: int
    end: int


def underline(tokens: list[Token], weak: Sequence[WeakSentence], first_line: int) -> None:
    """Put marks around the sentences that stand in paragraphs, and a note before each such block. In place.

    `first_line` is the number of the first line of what was parsed; headings and code are left alone.
    """
    notes: dict[int, list[WeakSentence]] = {}
    block = 0
    for at, token in enumerate(tokens):
        if token.level == 0 and token.nesting >= 0:
            block = at
        if (
            token.type == "inline"
            and tokens[at - 1].type == "paragraph_open"
            and token.map
            and token.children
        ):
            begin, end = (first_line + line for line in token.map)
            found = _mark_in(token.children, [each for each in weak if begin <= each.line < end])
            if found:
                notes.setdefault(block, []).extend(found)
    for at, found in reversed(notes.items()):
        tokens.insert(at, Token("weak_note", "", 0, block=True, meta={"sentences": found}))


def _mark_in(children: list[Token], weak: Sequence[WeakSentence]) -> list[WeakSentence]:
    """Mark those of the sentences that the paragraph has, and return them."""
    if not weak:
        return []
    places = list(_letter_places(children))
    letters = "".join(children[token].content[at] for token, at in places)
    found: list[tuple[WeakSentence, list[Place]]] = []
    behind = 0
    for sentence in weak:
        start = letters.find(sentence.letters, behind) if sentence.letters else -1
        if start >= 0:
            behind = start + len(sentence.letters)
            found.append((sentence, places[start:behind]))
    for sentence, of_sentence in reversed(found):
        _wrap(children, sentence, list(_pieces(children, of_sentence)))
    return [sentence for sentence, _ in found]


def _letter_places(children: Sequence[Token]) -> Iterator[Place]:
    """Yield the token and the place in it of every letter and digit of a paragraph."""
    for token, child in enumerate(children):
        if child.type in _TEXT:
            yield from ((token, at) for at, character in enumerate(child.content) if letters_of(character))


def _pieces(children: Sequence[Token], places: Sequence[Place]) -> Iterator[_Piece]:
    """Yield where a sentence stands, token by token, with the marks before and behind it."""
    for token, group in groupby(places, key=lambda place: place[0]):
        inside = [at for _, at in group]
        yield _Piece(
            token, *_with_marks(children[token].content, inside[0], inside[-1] + 1, token == places[-1][0])
        )


def _with_marks(text: str, start: int, end: int, is_last: bool) -> Place:
    while start and text[start - 1] in _LEADING:
        start -= 1
    while is_last and end < len(text) and text[end] in _TRAILING:
        end += 1
    return start, end


def _wrap(children: list[Token], sentence: WeakSentence, pieces: Sequence[_Piece]) -> None:
    """Put each piece into a mark of its own, so that emphasis that begins or ends inside stays whole."""
    for place, piece in reversed(list(enumerate(pieces))):
        child = children[piece.token]
        opening = Token("weak_open", "span", 1, meta={"number": sentence.number if not place else 0})
        closing = Token("weak_close", "span", -1, meta={"is_last": place == len(pieces) - 1})
        if child.type == "code_inline":
            children[piece.token : piece.token + 1] = [opening, child, closing]
            continue
        before, text, after = (
            Token("text", "", 0, content=part)
            for part in (
                child.content[: piece.start],
                child.content[piece.start : piece.end],
                child.content[piece.end :],
            )
        )
        new = [before, opening, text, closing, after]
        children[piece.token : piece.token + 1] = [
            token for token in new if token.type != "text" or token.content
        ]


def note_of(sentences: Sequence[WeakSentence]) -> str:
    """Say in one note why these sentences of a paragraph are marked."""
    reasons = list(dict.fromkeys(sentence.why for sentence in sentences))
    more = len(reasons) - _NAMED_AT_MOST
    shown = reasons[:_NAMED_AT_MOST] + ([f"And {more} more."] if more > 0 else [])
    return f"Underlined: {' '.join(shown)}"
