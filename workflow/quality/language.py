"""Which metrics a text's language allows, found by the text itself: books seldom say their language truly."""

import re
from collections.abc import Sequence
from enum import StrEnum

from books.text.english import STOP_WORDS
from books.text.words import UNSPACED

# Thai, Lao, Burmese, Khmer, Japanese, Chinese: words are not set apart by spaces.
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED_SHARE = 0.2
# English running text has 45 to 60 % of these words, German and French under 10 %.
_STOP_SHARE = 0.25
_FEWEST_WORDS = 5
_LOOKED_AT = 3_000


class Script(StrEnum):
    """What can be measured of a text: in English all, with spaces what compares words, else length and ends."""

    ENGLISH = "english"
    SPACED = "spaced"
    UNSPACED = "unspaced"


def script_of(text: str, words: Sequence[str]) -> Script:
    """Return what kind of text it is; `words` are its words in lower case. Too short a text is not called English."""
    unspaced = len(_UNSPACED.findall(text[:_LOOKED_AT]))
    letters = len(_LETTER.findall(text[:_LOOKED_AT])) if unspaced else 0
    if letters and unspaced > _UNSPACED_SHARE * letters:
        return Script.UNSPACED
    looked_at = words[:_LOOKED_AT]
    known = sum(map(STOP_WORDS.__contains__, looked_at))
    is_english = len(looked_at) >= _FEWEST_WORDS and known >= _STOP_SHARE * len(looked_at)
    return Script.ENGLISH if is_english else Script.SPACED
