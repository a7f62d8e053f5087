"""Estimates tokens without a tokenizer, for deciding what fits; bills go by what the provider reports."""

import math
import re

from books.text.words import UNSPACED_RUN

MARGIN = 1.15
_PIECE = re.compile(r"[A-Za-z]+|\d+|[^\W\d_]+|_+|\n+|[^\w\s]")
_LATIN_END = "\u024f"


def estimate_tokens(text: str) -> int:
    """Return how many tokens `text` takes, with a margin of 15 %: for admission, not for accounting.

    A common English word is one token, a long one one more for each five letters, three digits are one, another Latin
    word has two and a half letters to a token, other scripts one sign.
    """
    return math.ceil(MARGIN * sum(map(_piece_tokens, _PIECE.findall(text))))


def _piece_tokens(piece: str) -> float:
    first = piece[0]
    if first.isascii():
        if first.isalpha():
            return 1 if len(piece) <= 7 else 1 + (len(piece) - 7) / 5
        return math.ceil(len(piece) / 3) if first.isdigit() else 1
    if first.isalpha() and max(piece) <= _LATIN_END:
        return len(piece) / 2.5
    return len(piece)


def clip_start(text: str, budget: int) -> str:
    """Return whole words (in scripts without spaces, signs) from the start that fit into `budget` tokens."""
    if estimate_tokens(text) <= budget:
        return text
    words = text.split()
    most = _most_words(words, budget)
    return " ".join(words[:most]) or text.lstrip()[: _most_signs(text.lstrip(), budget)]


def clip_end(text: str, budget: int) -> str:
    """Return whole words (in scripts without spaces, signs) from the end that fit into `budget` tokens."""
    if estimate_tokens(text) <= budget:
        return text
    words = text.split()[::-1]
    most = _most_words(words, budget)
    backwards = text.rstrip()[::-1]
    return " ".join(words[:most][::-1]) or backwards[: _most_signs(backwards, budget)][::-1]


def _most_signs(text: str, budget: int) -> int:
    """Return how many signs of a script without spaces fit, of which each may be a token; 0 for other scripts."""
    first = UNSPACED_RUN.match(text)
    return min(first.end(), int(budget / MARGIN)) if first else 0


def _most_words(words: list[str], budget: int) -> int:
    used = 0.0
    for count, word in enumerate(words):
        used += MARGIN * sum(map(_piece_tokens, _PIECE.findall(word)))
        if used > budget:
            return count
    return len(words)
