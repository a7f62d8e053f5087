"""Folds what typesetting alone changes: quotation marks, dashes, ellipses, white space, composed letters."""

import re
import unicodedata

QUOTATION_MARKS = "\"'`´“”„‟«»‘’‚‛‹›「」『』〝〞〟《》〈〉＂＇ʼ′″"
_DASHES = "-‐‑‒–—―−﹘﹣－"
# Soft hyphens, joiners, marks of direction and the like: no reader sees them.
_UNSEEN = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_GLYPHS = str.maketrans(
    {
        **dict.fromkeys(QUOTATION_MARKS, "'"),
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_UNSEEN, ""),
        "…": "...",
    }
)
# French sets spaces inside its marks and before tall ones, English around some dashes; none of them is a word.
# White space is one space by then, so that no pattern looks at a long stretch of it again and again.
_INNER_SPACE = re.compile(r"(?<=[«‹]) | (?=[»›?!;:])")
_DASH = re.compile(r" ?-+ ?")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Return the form in which texts are equal that differ in typography and capitals alone.

    The folded form of a longer beginning of a text is never shorter than that of a shorter one.
    """
    spaced = _SPACE.sub(" ", unicodedata.normalize("NFC", text))
    return _DASH.sub("-", _INNER_SPACE.sub("", spaced).translate(_GLYPHS)).casefold()


def is_unseen_or_combining(character: str) -> bool:
    """Whether a character shows only together with the one before it, or not at all."""
    return character in _UNSEEN or unicodedata.combining(character) != 0
