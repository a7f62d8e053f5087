"""Sentences and proper names in running text, found by punctuation and capitals alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a list written as text."""
    return tuple(text.split())


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as text, as a set."""
    return frozenset(text.split())


# What a sentence begins with: capitals of Latin, Greek and Cyrillic, digits, and letters of scripts without capitals.
BEGINS = (
    "A-ZÀ-ÖØ-Þ0-9ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠȘŢȚŤŦŨŪŬŮŰŲŴŶŸŹŻŽΆΈ-ΏΑ-ΫЀ-Я"
    "\u0531-\u0556\u05d0-\u05ea\u0620-\u064a\u0671-\u06d3\u0904-\u0939\u0985-\u09b9\u0b85-\u0bb9\u10d0-\u10ff\uac00-\ud7a3"
)
# Possessive throughout, and begun only where a run of marks begins: a page of dots costs no more than one of words.
# What must not stand before is looked for behind the first character: so most of the text is passed over at once.
_BREAK = re.compile(rf"[.!?…](?<![.!?…]{{2}})[.!?…]*+[\"'”’)\]*_]*+(\s++)(?=[\"'“‘„«(\[*_¿¡]*+[{BEGINS}])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“])(?:Mrs?|Ms|Drs?|Prof|Hon|St|Sen|Rep|Gov|Gen|Col|Capt|Lt|Sgt|Rev|Fr|No|vs|etc|cf|approx|Jr|Sr"
    r"|e\.g|i\.e|a\.m|p\.m|[A-Z]|(?:[A-Z]\.)+[A-Z])\.$"
)
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


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence of text[start:end], without the white space between them."""
    stop = len(text) if end is None else end
    at = start
    for match in _BREAK.finditer(text, start, stop):
        cut = match.start(1)
        if _ABBREVIATION.search(text, max(at, cut - 14), cut):
            continue
        yield at, cut
        at = match.end(1)
    while at < stop and text[at].isspace():
        at += 1
    while stop > at and text[stop - 1].isspace():
        stop -= 1
    if stop > at:
        yield at, stop


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
    return text[at] == "." and not _ABBREVIATION.search(text, max(0, at - 14), at + 1)
