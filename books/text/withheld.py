"""Words and phrases that a person wants told nowhere: found and masked, however they are typeset."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from .words import UNSPACED

# What stands where such words stood: the sign of an omission in every language.
MASK = "[…]"
_SPACE = "[\\s\u00ad\u200b\u2060\ufeff]"
_ALIKE = (("'’ʼ‘`´", "'"), ("-‐‑‒–—−", "-"), ('"“”„«»', '"'))
_CLASSES = {character: f"[{re.escape(alike)}]" for alike, _ in _ALIKE for character in alike}
_UNSEEN = "[\u00ad\u200b\u200c\u200d\u2060]*"
# Letters that stand beside those of other words: of scripts that set no spaces, and of Korean, which adds to its words.
_RUNNING_ON = re.compile(f"[{UNSPACED}\u1100-\u11ff\uac00-\ud7a3]")

T = TypeVar("T")


@dataclass(frozen=True)
class Withheld:
    """One compiled pattern for all words and phrases of a list; None where the list is empty."""

    pattern: re.Pattern[str] | None = None

    def __bool__(self) -> bool:
        return self.pattern is not None

    def is_in(self, text: str) -> bool:
        """Whether a text has any of them."""
        return self.pattern is not None and self.pattern.search(text) is not None

    def mask(self, text: str) -> str:
        """Return the text with the mask in their place."""
        return self.pattern.sub(MASK, text) if self.pattern else text

    def mask_all(self, value: T) -> T:
        """Return a JSON value with every text in it masked, keys too."""
        return self._masked(value, self.mask) if self.pattern else value  # type: ignore[return-value]

    def mask_values(self, value: T) -> T:
        """Return a JSON value whose keys are our own with every text in it masked."""
        return self._masked(value, str) if self.pattern else value  # type: ignore[return-value]

    def move(self, text: str, offset: int) -> int:
        """Return where a place of the text is once that is masked; one inside of a mask is where that begins."""
        shift = 0
        for match in self.pattern.finditer(text) if self.pattern else ():
            if match.end() > offset:
                return min(offset, match.start()) + shift
            shift += len(MASK) - (match.end() - match.start())
        return offset + shift

    def _masked(self, value: object, key_of: Callable[[str], str]) -> object:
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {key_of(str(key)): self._masked(each, key_of) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._masked(each, key_of) for each in value)
        return value


@lru_cache(maxsize=256)
def withheld(terms: tuple[str, ...]) -> Withheld:
    """Return what finds these terms: whole words, in any case, composed or not, with any marks and white space."""
    patterns = [pattern for term in terms if (pattern := _whole_words(term))]
    # Longer ones first, so that nothing of them is left over.
    return Withheld(
        re.compile("|".join(sorted(patterns, key=len, reverse=True)), re.IGNORECASE) if patterns else None
    )


def _whole_words(term: str) -> str:
    plain = unicodedata.normalize("NFC", term).strip()
    if not plain:
        return ""
    words = (_UNSEEN.join(map(_character, word)) for word in plain.split())
    return _edge(plain[0], r"(?<!\w)") + f"{_SPACE}+".join(words) + _edge(plain[-1], r"(?![\w\u0300-\u036f])")


def _character(character: str) -> str:
    apart = unicodedata.normalize("NFD", character)
    if apart != character:
        return f"(?:{re.escape(character)}|{re.escape(apart)})"
    return _CLASSES.get(character) or re.escape(character)


def _edge(character: str, boundary: str) -> str:
    return boundary if character.isalnum() and not _RUNNING_ON.match(character) else ""


def union(*lists: Iterable[str]) -> tuple[str, ...]:
    """Return the terms of several lists, each once."""
    return tuple(dict.fromkeys(term for terms in lists for term in terms))


class MaskedStream:
    """Passes a text on as it comes, masked: the last characters wait, since a word may go on in the next piece."""

    def __init__(self, on_text: Callable[[str], None], terms: Withheld, waiting: int = 200) -> None:
        self._on_text = on_text
        self._terms = terms
        self._waiting = waiting
        self._rest = ""

    def __call__(self, text: str) -> None:
        self._rest += text
        cut = len(self._rest) - self._waiting
        pattern = self._terms.pattern
        for match in pattern.finditer(self._rest) if pattern else ():
            if match.start() < cut < match.end():
                cut = match.start()
        if cut > 0:
            self._on_text(self._terms.mask(self._rest[:cut]))
            self._rest = self._rest[cut:]
