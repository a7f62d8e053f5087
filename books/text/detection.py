"""Which language a text is in, where that is certain: by its script, and by the commonest words of those in Latin."""

import re
import unicodedata
from collections import Counter

from .stopwords import COMMON_WORDS

_LOOKED_AT = 20_000
FEWEST_WORDS = 40
FEWEST_LETTERS = 60
# Running text has 30 to 50 % of its own commonest words; of another language's, seldom more than 12 %.
_SHARE, _TIMES_THE_NEXT = 0.2, 1.6
_MOSTLY = 0.7
_WORD = re.compile(r"[^\W\d_]+")
_KANA_SHARE = 0.1

# The scripts, by the first word of their letters' names in Unicode, and the languages that are written in each alone.
_BY_SCRIPT: dict[str, tuple[str, ...]] = {
    "CYRILLIC": ("ru", "uk", "bg", "be", "mk"),
    "GREEK": ("el",),
    "HEBREW": ("he", "yi"),
    "ARABIC": ("ar", "fa", "ur", "ps"),
    "DEVANAGARI": ("hi", "mr", "ne"),
    "BENGALI": ("bn", "as"),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
    "THAI": ("th",),
    "LAO": ("lo",),
    "KHMER": ("km",),
    "MYANMAR": ("my",),
    "HANGUL": ("ko",),
    "CJK": ("zh",),
    "HIRAGANA": ("ja",),
    "ETHIOPIC": ("am", "ti"),
    "LATIN": tuple(COMMON_WORDS),
}
_SCRIPT_OF = {language: script for script, languages in _BY_SCRIPT.items() for language in languages}


def language_of(text: str) -> str:
    """Return the language of a text, "" where it is not certain: too short, mixed, or one of several alike."""
    script = _script_of(text)
    if script == "LATIN":
        return _latin(text)
    languages = _BY_SCRIPT.get(script, ())
    return languages[0] if len(languages) == 1 else ""


def is_certainly_not(text: str, language: str) -> bool:
    """Return whether the text is in another language than `language` (a tag), without any doubt."""
    wanted = language.partition("-")[0].lower()
    expected, script = _SCRIPT_OF.get(wanted), _script_of(text)
    if expected is None or not script or ("-" in language and len(language.split("-")[1]) == 4):
        return False
    if script != expected:
        # A page of Japanese without a kana would be strange, but a short one may be.
        return {script, expected} != {"CJK", "HIRAGANA"} or script == "HIRAGANA"
    found = _latin(text) if script == "LATIN" else ""
    return bool(found) and found != wanted


def _script_of(text: str) -> str:
    """Return the script of most letters, "" where none has most or there are too few."""
    letters = [letter for letter in text[:_LOOKED_AT] if letter.isalpha()]
    if len(letters) < FEWEST_LETTERS:
        return ""
    counts: Counter[str] = Counter()
    for letter, count in Counter(letters).items():
        counts[unicodedata.name(letter, "?").partition(" ")[0].partition("-")[0]] += count
    kana = counts["HIRAGANA"] + counts["KATAKANA"]
    if kana > _KANA_SHARE * len(letters):
        counts["HIRAGANA"] = kana + counts.pop("CJK", 0) + counts.pop("KATAKANA", 0)
    script, count = counts.most_common(1)[0]
    return script if count >= _MOSTLY * len(letters) else ""


def _latin(text: str) -> str:
    words = _WORD.findall(unicodedata.normalize("NFC", text[:_LOOKED_AT]).lower())
    if len(words) < FEWEST_WORDS:
        return ""
    counts = Counter(words)
    shares = sorted(
        (
            (sum(counts[word] for word in known) / len(words), language)
            for language, known in COMMON_WORDS.items()
        ),
        reverse=True,
    )
    (best, language), (second, _) = shares[:2]
    return language if best >= _SHARE and best >= _TIMES_THE_NEXT * second else ""
