"""Finds what nobody was meant to read: notes, a model's remarks, a paragraph that got stuck, an end cut off."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from books.text.english import STOP_WORDS
from workflow.agents.llm.leaks import elisions_in, leaks_in
from workflow.harmonization.facts import ChapterText
from workflow.harmonization.rules import placeholders
from workflow.harmonization.spans import Spans

from .language import Script
from .prose import Prose, SentenceKind

_MOST = 10
_LONGEST = 120
_CLOSERS = " \t\n\"'”’»)]*_"
_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:\s|$)")


def leftovers(markdown: str, source_text: str) -> tuple[str, ...]:
    """Return what is left over, as it stands there; what a source says itself is none.

    The harmonizer's rule for placeholders, and the marks of prompts and models that a model's answer is refused for.
    """
    text = ChapterText(0, "", markdown, Spans())
    found = [finding.find.strip() for finding in placeholders.read(text)]
    found += [*leaks_in(markdown), *elisions_in(markdown)]
    new = [each[:_LONGEST] for each in dict.fromkeys(found) if each not in source_text]
    return tuple(each for each in new if not any(each in other for other in new if other != each))[:_MOST]


def is_cut_off(markdown: str, prose: Prose, script: Script) -> bool | None:
    """Say whether the text stops in the middle: after a heading, or without an end mark. None: cannot be told.

    A quotation may break off as its speaker did, a list needs no full stops.
    """
    last = markdown.rstrip().rpartition("\n")[2]
    if _HEADING.match(last):
        return True
    if script is Script.UNSPACED or not prose.sentences:
        return None
    sentence = prose.sentences[-1]
    if sentence.kind is not SentenceKind.TOLD or re.match(r"\s*(?:[-*+>|]|\d{1,3}[.)])\s", last):
        return False
    end = sentence.text.rstrip(_CLOSERS)[-1:]
    return end.isalnum() or end in tuple(",;:-–—(")


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
