"""Words of a text: where they stand, and the terms that texts are compared by."""

import re
from functools import lru_cache

from books.text.english import FILLERS, STOP_WORDS
from books.text.words import MARKS, UNSPACED

WORD = re.compile(rf"[^\W_][\w{MARKS}]*(?:['’\-][^\W_][\w{MARKS}]*)*")
# The same for text of plain letters, in half the time.
_PLAIN_WORD = re.compile(r"[a-z0-9][a-z0-9_]*(?:['\-][a-z0-9][a-z0-9_]*)*")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def split_words(text: str) -> list[str]:
    """Return the words of `text` in lower case, straight apostrophes."""
    found = _PLAIN_WORD if text.isascii() else WORD
    return found.findall(text.lower().replace("’", "'"))


def terms_of(words: list[str]) -> list[str]:
    """Return the folded content words; scripts without spaces become pairs of letters."""
    return [term for word in words for term in _terms(word)]


@lru_cache(maxsize=1 << 15)
def _terms(word: str) -> tuple[str, ...]:
    if word in STOP_WORDS or word in FILLERS:
        return ()
    if _UNSPACED.search(word):
        return tuple(word[i : i + 2] for i in range(max(1, len(word) - 1)))
    return (fold(word),) if len(word) > 1 else ()


@lru_cache(maxsize=1 << 15)
def fold(word: str) -> str:
    """Return the form that a word is compared by: without a possessive or plural ending."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
