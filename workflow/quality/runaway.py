"""A text that has got stuck: the same words over and over in one paragraph."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from books.text.english import STOP_WORDS

from .prose import Prose, SentenceKind

_FEWEST_TOKENS, _MANY_TOKENS = 80, 120
_IN_A_ROW = 6
_LEAST_DIFFERENT = 0.40
_TOP_TRIGRAM, _TOP_SHARE = 5, 0.08


def runaway_paragraphs(prose: Prose) -> tuple[int, ...]:
    """Return the numbers of the paragraphs that run away; what a source itself says so is none.

    WriterBloom's test (`auto_complete/orchestrator.py`), of a paragraph's tokens without stop words, 80 or more:
    one token six times in a row; or 120 or more with under 40 % different; or one trigram five times and 8 %.
    """
    return tuple(
        number
        for number, sentences in prose.paragraphs.items()
        if is_runaway([word for each in sentences if each.kind is SentenceKind.TOLD for word in each.words])
    )


def is_runaway(words: Sequence[str]) -> bool:
    """Say whether the words of a paragraph run away."""
    tokens = [word for word in words if word not in STOP_WORDS]
    if len(tokens) < _FEWEST_TOKENS:
        return False
    if any(len(list(group)) >= _IN_A_ROW for _, group in groupby(tokens)):
        return True
    if len(tokens) >= _MANY_TOKENS and len(set(tokens)) < _LEAST_DIFFERENT * len(tokens):
        return True
    _, top = Counter(zip(tokens, tokens[1:], tokens[2:], strict=False)).most_common(1)[0]
    return top >= _TOP_TRIGRAM and top >= _TOP_SHARE * len(tokens)
