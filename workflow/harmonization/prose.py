"""Proper names in running text, found by punctuation and capitals alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from books.text.sentences import is_abbreviation


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a list written as text."""
    return tuple(text.split())


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as text, as a set."""
    return frozenset(text.split())


_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
_REST = r"[\w]*(?:['’-][\w]+)*"
_NAME = re.compile(rf"{_CAPITAL}(?<![\w'’-]{_CAPITAL}){_REST}(?:[ ]{_CAPITAL}{_REST}){{0,4}}")
_POSSESSIVE = re.compile(r"['’]s$")
_OPENERS = " \t\"'“‘([*_>#–—-…"
_NO_NAMES = word_set("I Mr Mrs Ms Dr Hon")
_CONTRACTED = re.compile(r"['’](?:m|ve|d|ll|re|t)$")


@dataclass(frozen=True)
class Name:
    """A run of capitalized words that does not owe its capital to the start of a sentence."""

    text: str
    start: int


def proper_names(text: str) -> Iterator[Name]:
    """Yield the names of running text. The first word of a sentence, which proves nothing, is left out."""
    for match in _NAME.finditer(text):
        words, start = match.group().split(" "), match.start()
        if _opens_sentence(text, start):
            start += len(words[0]) + 1
            words = words[1:]
        while words and _is_no_name(words[0]):
            start += len(words[0]) + 1
            words = words[1:]
        if words and not _is_no_name(words[-1]):
            yield Name(_POSSESSIVE.sub("", " ".join(words)), start)


def _is_no_name(word: str) -> bool:
    return len(word) < 2 or word in _NO_NAMES or bool(_CONTRACTED.search(word))


def _opens_sentence(text: str, start: int) -> bool:
    """Say whether the word at `start` is the first of a sentence, a line, a quotation or a label."""
    at = start - 1
    while at >= 0 and text[at] in _OPENERS:
        if text[at] in '"“‘—–…':
            return True
        at -= 1
    if at < 0 or text[at] in "!?:;\n":
        return True
    return text[at] == "." and not is_abbreviation(text, 0, at + 1)
