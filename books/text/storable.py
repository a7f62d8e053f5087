"""Makes text from outside fit for every database and every reader."""

import re
from unicodedata import combining

# Unicode's stream-safe form has no more.
MOST_MARKS = 30


def has_pile(text: str) -> bool:
    """Whether far more than 30 marks stand on one letter: to put them in order takes the square of their number."""
    if text.isascii():
        return False
    # What stands so near the end is no pile: a text may end with the mark of its last letter.
    looked_at = range(0, len(text) - MOST_MARKS, MOST_MARKS)
    return any(
        combining(text[at]) and all(map(combining, text[at : at + MOST_MARKS + 1])) for at in looked_at
    )


def without_piles(text: str) -> str:
    """Return the text with 30 marks of each pile at most."""
    if not has_pile(text):
        return text
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


# What PostgreSQL cannot keep in text, or no reader can see.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def clean(text: str) -> str:
    """Remove characters that cannot be stored or seen, and marks that cover what stands around them."""
    return without_piles(_UNSTORABLE.sub("", text))
