"""Words of a text: where they stand, how many there are, and the terms that texts are compared by."""

import re
from functools import lru_cache

from workflow.agents.quotations.english import FILLERS, STOP_WORDS

# Marks that belong to the letter before them in Indic, Arabic, Hebrew and South-East Asian scripts.
_JOINING = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
WORD = re.compile(rf"[^\W_][\w{_JOINING}]*(?:['’\-][^\W_][\w{_JOINING}]*)*")
# The same for text of plain letters, in half the time.
_PLAIN_WORD = re.compile(r"[a-z0-9][a-z0-9_]*(?:['\-][a-z0-9][a-z0-9_]*)*")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_LETTERS_PER_UNSPACED_WORD = 1.6
_LETTERS_PER_LONG_WORD = 12


def split_words(text: str) -> list[str]:
    """Return the words of `text` in lower case, straight apostrophes."""
    found = _PLAIN_WORD if text.isascii() else WORD
    return found.findall(text.lower().replace("’", "'"))


def count_words(words: list[str]) -> int:
    """Count words as a reader would: scripts without spaces by letters, endless "words" by their length."""
    return sum(map(_weight, words))


def terms_of(words: list[str]) -> list[str]:
    """Return the folded content words; scripts without spaces become pairs of letters."""
    return [term for word in words for term in _terms(word)]


@lru_cache(maxsize=1 << 15)
def _weight(word: str) -> int:
    if len(word) <= _LETTERS_PER_LONG_WORD and word.isascii():
        return 1
    letters = _LETTERS_PER_UNSPACED_WORD if _UNSPACED.search(word) else _LETTERS_PER_LONG_WORD
    return max(1, int(len(word) / letters))


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
