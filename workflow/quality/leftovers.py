"""What nobody was meant to read: notes to oneself, a model's remarks and its prompt; and an end that is cut off."""

import re

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
