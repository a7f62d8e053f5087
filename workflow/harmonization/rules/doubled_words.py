"""Words that stand twice in a row by mistake. Only ever a suggestion: "had had" can be right."""

import re
from collections.abc import Iterator

from workflow.harmonization.facts import ChapterText
from workflow.harmonization.prose import word_set
from workflow.harmonization.types import Finding

from .catalogue import DOUBLED_WORDS

_DOUBLED = re.compile(
    r"(?<![\w'’-])([^\W\d_]+(?:['’][^\W\d_]+)?)([ \t]+|[ \t]*\n[ \t]*)(\1)(?![\w'’-])", re.IGNORECASE
)
_MAY_DOUBLE = word_set("""
    had that is was her his you it what who very so no yes yeah long far many much really ha bye now well
    never more knock night in on do too there here hear ho hey hi la na boo tut chop again over round bang
    tick i out up down by big little old blah goody walla ta win
""")


def find_in(text: ChapterText) -> Iterator[Finding]:
    """Yield a suggestion for each doubled word outside protected spans; names and emphasis are left alone."""
    for match in _DOUBLED.finditer(text.markdown):
        first, second = match[1], match[3]
        if first.lower() in _MAY_DOUBLE or second[0].isupper() or not text.is_free(*match.span()):
            continue
        yield Finding(
            chapter=text.number,
            rule=DOUBLED_WORDS,
            find=match.group(),
            replace=first,
            start=match.start(),
            end=match.end(),
            reason=f"“{first.lower()}” stands twice in a row.",
            severity="minor",
            evidence={"word": first.lower()},
            automatic=False,
        )
