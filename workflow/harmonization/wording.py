"""Looks at words that a language model wants to bring in: new names and numbers, leaks, addresses."""

import re
from collections.abc import Collection, Iterable

from books.text.english import STOP_WORDS

from .facts import ChapterText
from .rules import placeholders
from .spans import Spans
from .statements import number_of, words_in

INSTRUCTION_WORDS = 8
_ADDRESS = re.compile(r"https?:|www\.|\b[\w.-]+@[\w-]+\.|\b[\w-]+\.(?:com|net|org|io)\b", re.IGNORECASE)


def tokens(text: str) -> Iterable[str]:
    """Yield every word as it is written, and every number in digits."""
    return map(token, words_in(text))


def token(word: str) -> str:
    """Return the word without a possessive ending, or its number in digits."""
    return number_of(word) or word.replace("’", "'").removesuffix("'s")


def is_fact(word: str) -> bool:
    """Say whether a word may be a name or a number."""
    return number_of(word) is not None or word[0].isupper()


def unknown_facts(text: str, known: Collection[str]) -> list[str]:
    """Return the names and numbers that are not among the known tokens; a common word may open the text."""
    found = []
    for at, word in enumerate(words_in(text)):
        is_common = at == 0 and (word.lower() in STOP_WORDS or word.lower() in known)
        if is_fact(word) and word != "I" and token(word) not in known and not is_common:
            found.append(token(word))
    return found


def has_address(text: str) -> bool:
    """Say whether the text has an address of the web or of mail."""
    return _ADDRESS.search(text) is not None


def has_leak(text: str, instructions: str) -> bool:
    """Say whether the text speaks of the model itself, or repeats eight words of what it was told."""
    if placeholders.read(ChapterText(0, "", text, Spans())):
        return True
    said = " ".join(words_in(text.lower()))
    told = words_in(instructions.lower())
    shingles = (
        " ".join(told[at : at + INSTRUCTION_WORDS]) for at in range(len(told) - INSTRUCTION_WORDS + 1)
    )
    return any(shingle in said for shingle in shingles)


def is_fit_to_show(text: str, instructions: str) -> bool:
    """Say whether words of a model may be shown to a person as its own."""
    return not has_address(text) and "<<<" not in text and not has_leak(text, instructions)
