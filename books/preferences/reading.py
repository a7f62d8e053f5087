"""What writers and rules read from preferences: forgiving, as older rows and other programs wrote them, too."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .catalogue import DEFAULT_WORDS, FEWEST_WORDS, MOST_NAMES, MOST_TERMS, MOST_WORDS

_NOT = re.compile(r",\s+not\s+", re.IGNORECASE)
_OR = re.compile(r",\s*|\s+(?:n?or)\s+", re.IGNORECASE)
_LONGEST_NUMBER = 20


@dataclass(frozen=True)
class KeptName:
    """A spelling to keep, and those that it must not become."""

    right: str
    wrong: tuple[str, ...] = ()


def wanted_words(preferences: Mapping[str, object]) -> int:
    """Return `words_per_chapter` within 150 to 5,000; 900 where it is not a number."""
    return asked_words(preferences) or DEFAULT_WORDS


def asked_words(preferences: Mapping[str, object]) -> int | None:
    """Return `words_per_chapter` within 150 to 5,000; None where nobody asked for a number."""
    value = preferences.get("words_per_chapter")
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        return None
    return round(min(max(value, FEWEST_WORDS), MOST_WORDS))


def kept_names(preferences: Mapping[str, object]) -> tuple[KeptName, ...]:
    """Return the names to keep, each spelling once, with all that it must not become."""
    found: dict[str, dict[str, None]] = {}
    for line in _names(preferences.get("names")):
        right, *others = _NOT.split(line, 1)
        if right := " ".join(right.split()):
            wrong = found.setdefault(right, {})
            wrong.update(
                dict.fromkeys(name for name in _OR.split(" ".join(others)) if name and name != right)
            )
    return tuple(KeptName(right, tuple(wrong)) for right, wrong in list(found.items())[:MOST_NAMES])


def left_out_terms(preferences: Mapping[str, object]) -> tuple[str, ...]:
    """Return the words and phrases that the book must not tell."""
    terms = (" ".join(line.split()) for line in _lines(preferences.get("leave_out")))
    return tuple(dict.fromkeys(filter(None, terms)))[:MOST_TERMS]


def _number(text: str) -> float | None:
    try:
        return float(text) if len(text) <= _LONGEST_NUMBER else None
    except ValueError:
        return None


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{right}, not {wrong}" for wrong, right in value.items() if isinstance(right, str))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _names(item)
    else:
        yield from _lines(value)


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.splitlines()
    elif isinstance(value, Sequence):
        yield from (line for item in value if isinstance(item, str) for line in item.splitlines())
