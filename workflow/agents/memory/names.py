"""Which names a text has, and the key under which the same name is found again in another text."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from books.text.english import FILLERS, STOP_WORDS
from workflow.agents.questions.known_words import EXPLAINS_ITSELF, WELL_KNOWN
from workflow.agents.quotations.turns import plain_name
from workflow.harmonization.prose import proper_names, word_set

LONGEST_NAME = 80
MOST_NAMES = 40
_TITLES = word_set("mr mrs ms miss dr hon prof professor sir dame lady lord rev st")
_SAYS_NOTHING = STOP_WORDS | FILLERS
_PLAIN_WORDS = WELL_KNOWN | EXPLAINS_ITSELF
_WORD = re.compile(r"\w+(?:[.'’-]\w+)*")
_LOWER = re.compile(r"(?<![\w'’])[^\W\d_A-ZÀ-ÖØ-Þ][\w-]*")


def name_key(name: str) -> str:
    """Return the form under which a name is looked up: small letters, no title; "" where nothing is left."""
    words = [word.casefold().rstrip(".") for word in _WORD.findall(name)]
    return " ".join(word for word in words if word not in _TITLES)[:LONGEST_NAME]


def find_names(texts: Iterable[str], people: Iterable[str] = ()) -> dict[str, str]:
    """Return the names by their keys: of the people first, then those in the texts, the most frequent first."""
    names = {key: name for person in people if (name := plain_name(person)) and (key := name_key(name))}
    counts: Counter[str] = Counter()
    forms: dict[str, str] = {}
    lower: set[str] = set()
    for text in texts:
        lower.update(_LOWER.findall(text))
        for found in proper_names(text):
            key = name_key(found.text)
            counts[key] += 1
            forms.setdefault(key, found.text)
    for key, _ in counts.most_common():
        if len(names) >= MOST_NAMES:
            break
        if _tells(key, forms[key], lower):
            names.setdefault(key, forms[key])
    return dict(list(names.items())[:MOST_NAMES])


def lookup_keys(names: Mapping[str, str], people: Iterable[str]) -> list[str]:
    """Return the keys to look facts up by: every name's, and each person's first and last word."""
    keys = dict.fromkeys(names)
    for person in people:
        words = name_key(plain_name(person)).split()
        if len(words) > 1:
            keys.update(dict.fromkeys(word for word in (words[0], words[-1]) if len(word) > 2))
    return list(keys)


def _tells(key: str, form: str, lower: set[str]) -> bool:
    """Say whether it names somebody or something in particular."""
    words = key.split()
    if not words or len(form) > LONGEST_NAME or all(word in _SAYS_NOTHING for word in words):
        return False
    if len(words) > 1:
        return not all(word in WELL_KNOWN for word in words)
    return len(key) > 2 and key not in _PLAIN_WORDS and key not in lower and key.rstrip("s") not in lower
