"""Words that stand twice in a row by mistake. Only ever a suggestion: "had had" can be right."""

import re
from collections.abc import Iterator

from workflow.harmonization.facts import ChapterText
from workflow.harmonization.prose import word_set
from workflow.harmonization.types import Finding, Rule

RULE = Rule(
    "doubled_words",
    "No word stands twice",
    "A word that stands twice in a row, as in “the the”, is pointed out.",
    False,
    "minor",
)

_DOUBLED = re.compile(
    r"(?<![\w'’-])([^\W\d_]+(?:['’][^\W\d_]+)?)([ \t]+|[ \t]*\n[ \t]*)(\1)(?![\w'’-])", re.IGNORECASE
)
_MAY_DOUBLE = word_set("""
    had that is was her his you it what who very so no yes yeah long far many much really ha bye now well
    never more knock night in on do too there here hear ho hey hi la na boo tut chop again over round bang
    tick i out up down by big little old blah goody walla ta win
""")


def read(text: ChapterText) -> tuple[Finding, ...]:
    """Return a suggestion for each doubled word outside protected spans; names and emphasis are left alone."""
    return tuple(_read(text))


def _read(text: ChapterText) -> Iterator[Finding]:
    for match in _DOUBLED.finditer(text.markdown):
        first, second = match[1], match[3]
        if first.lower() in _MAY_DOUBLE or second[0].isupper() or not text.is_free(*match.span()):
            continue
        yield Finding(
            chapter=text.number,
            rule=RULE.key,
            find=match.group(),
            replace=first,
            start=match.start(),
            end=match.end(),
            reason=f"“{first.lower()}” stands twice in a row.",
            severity="minor",
            evidence={"word": first.lower()},
            automatic=False,
        )
