"""The one way in which words are counted, in every script: uploads, estimates, prompts, checks and pages agree.

As word processors do it: what white space and dashes part is a word, and each Chinese character or kana is one.
"""

import re

# Marks that belong to the letter before them, which Python's \w leaves out: accents that stand apart, vowel signs.
MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711-\u074a\u07a6-\u07b0"
    "\u0816-\u082d\u08d3-\u0963\u0981-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u0f18-\u0f3f\u0f71-\u0fbc\u102b-\u103e\u1056-"
    "\u109d\u1732-\u1734\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u302a-\u302f\u3099\u309a\ufe00-\ufe0f"
    "\ufe20-\ufe2f"
)
# Chinese characters and kana.
SINGLE = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9d\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
# The letters, without vowel signs, of scripts that set no spaces between words, and how many of them a word has on
# average: measured with the dictionaries of ICU on the translations that come with Django (Thai 3.06, Lao 2.85,
# Khmer 2.93, Burmese 1.80).
_THAI_LAO_KHMER = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf\u1780-\u17b3"
)
_BURMESE = "\u1000-\u102a\u103f\u1050-\u1055"
_LETTERS_PER_WORD = ((_THAI_LAO_KHMER, 3.0), (_BURMESE, 1.8))
# All that is no word between spaces: those letters with their signs, and the marks of East Asian sentences.
UNSPACED = (
    f"{SINGLE}\u0e01-\u0e4f\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u104a-\u108f\u1780-\u17dd\u3001-\u3003"
)
_BESIDES = "\u200b\u3008-\u303f\u30fb\uff01-\uff0f\uff1a-\uff20\uff5b-\uff65"

_ANY_UNSPACED = re.compile(f"[{UNSPACED}]")
_SINGLE = re.compile(f"[{SINGLE}]+")
_UNSPACED_LETTERS = tuple((re.compile(f"[{letters}]+"), size) for letters, size in _LETTERS_PER_WORD)
UNSPACED_RUN = re.compile(f"[{UNSPACED}{_BESIDES}]+")
_SIGN = re.compile(r"[^\W_]")
# Dashes, an ellipsis, and the marks that part words in Tibetan and Ethiopic.
_PARTING = ("—", "–", "―", "--", "…", "་", "፡")
# A citation, [chunk-id]; no link and nothing that is escaped.
_CITATION = re.compile(r"\[(?<!\\\[)[^\[\]\n]{1,200}\](?!\()")


def count_words(text: str) -> int:
    """Count the words of plain text as a reader would; what has neither letter nor digit is none."""
    if text.isascii() or not _ANY_UNSPACED.search(text):
        return _spaced_words(text)
    single = _letters(_SINGLE, text)
    unspaced = sum(-(-_letters(pattern, text) // size) for pattern, size in _UNSPACED_LETTERS)
    return single + int(unspaced) + _spaced_words(UNSPACED_RUN.sub(" ", text))


def count_prose(markdown: str) -> int:
    """Count the words of a chapter's Markdown; marks of citations do not count."""
    return count_words(_CITATION.sub(" ", markdown))


def _spaced_words(text: str) -> int:
    for mark in _PARTING:
        text = text.replace(mark, " ")
    return len([word for word in text.split() if word.isalnum() or _SIGN.search(word)])


def _letters(pattern: re.Pattern[str], text: str) -> int:
    return sum(map(len, pattern.findall(text)))
