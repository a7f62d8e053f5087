"""Which sentences ask for something that a person could answer, and which only look like questions."""

import re

from books.text.english import STOP_WORDS

from .phrases import NOT_MEANT

_MIN_WORDS = 6
_MIN_WORDS_OF_SHORT = 4
_MAX_WORDS = 45
_MIN_CONTENT_WORDS = 2
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_LEAD_IN = (
    r"(?:(?:and|so|but|well|okay|ok|now|then|also|because|houston|yes|yeah|uh|um|er|first|just)[,.]?\s+"
    r"|(?-i:[A-ZÀ-ÖØ-Þ][\w’'-]+),\s+)*"
)
_ASKS = re.compile(
    rf"{_LEAD_IN}(?:in\s+|at\s+|on\s+|for\s+|to\s+|from\s+|by\s+)?"
    r"(?:what|when|where|who|whom|whose|which|why|how|is|are|was|were|do|does|did|has|have)\b",
    re.IGNORECASE,
)
# A name at the end is who is asked ("…, Ben?"); a common word there only asks for a nod ("…, right?").
_TAG = re.compile(r"(?:,|\bor)\s*(?:\w+(?:n['’]t)?\s+)?(?![A-ZÀ-ÖØ-Þ])\w+\s*\?$")
_LEANING = re.compile(
    r"\b(?:this|that|these|those|it|there|here|one|ones|they|them|thing|things)\b", re.IGNORECASE
)
_POINTING = re.compile(r"\b(?:it|its|he|she|his|her|him|they|them|their|that|this|there)\b", re.IGNORECASE)
_FACTS = re.compile(
    r"\b(?:who|whose|when|where|name|called|year|how (?:many|much|long|old|far))\b", re.IGNORECASE
)
_PAST = re.compile(r"\b(?:was|were|did|had|happened)\b", re.IGNORECASE)
_OF_THE_MOMENT = re.compile(r"\b(?:I|we|us|our|this|these|going|gonna)\b", re.IGNORECASE)


def is_real(sentence: str) -> bool:
    """Say whether a sentence asks for something, and can be understood by itself."""
    if not _is_asked(sentence, _MIN_WORDS):
        return False
    needed = _MIN_CONTENT_WORDS + bool(_LEANING.search(sentence))
    return len(content_words(sentence)) >= needed


def is_about_the_past(sentence: str) -> bool:
    """Say whether a sentence, however short, asks what was or happened, and not what to do next."""
    return (
        _is_asked(sentence, _MIN_WORDS_OF_SHORT)
        and bool(_PAST.search(sentence))
        and not _OF_THE_MOMENT.search(sentence)
    )


def asks_for_facts(sentence: str) -> bool:
    """Say whether a name, a date, a place or a number would answer it."""
    return bool(_FACTS.search(sentence))


def leans_on_what_is_before(sentence: str) -> bool:
    """Say whether a question points back at somebody or something ("What were they called?")."""
    return bool(_POINTING.search(sentence))


def content_words(text: str) -> set[str]:
    """Return the words that carry the meaning, in lower case."""
    return {w for w in _WORD.findall(text.lower().replace("’", "'")) if len(w) > 3 and w not in STOP_WORDS}


def _is_asked(sentence: str, min_words: int) -> bool:
    if not sentence.endswith("?") or sentence.endswith(("—?", "-?", "…?", "–?")) or not _ASKS.match(sentence):
        return False
    if NOT_MEANT.search(sentence) or _TAG.search(sentence):
        return False
    return min_words <= len(sentence.split()) <= _MAX_WORDS
