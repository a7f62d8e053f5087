"""Which sentences of a text rest weakly on its sources, and why, in words: read from the metrics kept with it."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from books.models import ChapterRevision
from books.text.citations import citation_marks, unescape_markdown

from .lists import listed

MOST_MARKS = 100
NAMED_AT_MOST = 4
LONGEST_NAMED = 60
_ADDRESS = re.compile(r"\]\([^()\s]{0,2000}\)")
_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class WeakSentence:
    """A sentence to be marked. `number` counts from 1 in the text's order; it begins on line `line`, from 0.

    `markdown` is the sentence as it is written, `letters` its letters and digits as they are read.
    """

    number: int
    line: int
    markdown: str
    letters: str
    numbers: tuple[str, ...]
    names: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentence as it is read, on one line."""
        return " ".join(plain_sentence(self.markdown).replace("*", "").split())

    @property
    def why(self) -> str:
        """Say to the reader what was not found."""
        unknown = [*self.names, *self.numbers][:NAMED_AT_MOST]
        if unknown:
            return f"{_quoted(unknown)} in none of the passages."
        if self.words:
            return f"Little of this is in any one passage; {_quoted(self.words)} in none."
        return "Little of this is in any one passage."


def weak_sentences(revision: ChapterRevision | None) -> list[WeakSentence]:
    """Return the sentences of `revision` that were found weak, in order; what cannot be read marks nothing."""
    measured = revision.quality_metrics.get("measured") if revision else None
    found = measured.get("weak") if isinstance(measured, Mapping) else None
    if revision is None or not isinstance(found, list):
        return []
    places = [place for each in found[:MOST_MARKS] if (place := _place(each, len(revision.markdown)))]
    return [
        WeakSentence(
            number=number,
            line=revision.markdown.count("\n", 0, start),
            markdown=revision.markdown[start:end],
            letters=letters_of(plain_sentence(revision.markdown[start:end])),
            numbers=_texts(each, "numbers"),
            names=_texts(each, "names"),
            words=_texts(each, "words"),
        )
        for number, (start, end, each) in enumerate(sorted(places, key=lambda place: place[:2]), start=1)
    ]


def plain_sentence(markdown: str) -> str:
    """Return a sentence of Markdown as it is read: without citation marks, addresses, escapes and entities."""
    parts: list[str] = []
    at = 0
    for start, end, _ in citation_marks(markdown):
        parts.append(markdown[at:start])
        at = end
    text = _ADDRESS.sub("]", "".join([*parts, markdown[at:]]))
    return html.unescape(unescape_markdown(text))


def letters_of(text: str) -> str:
    """Return the letters and digits of `text`: the same whatever marks and white space stand between them."""
    return _NO_LETTERS.sub("", text)


def _place(found: object, length: int) -> tuple[int, int, Mapping[str, object]] | None:
    if not isinstance(found, Mapping):
        return None
    start, end = found.get("start"), found.get("end")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
        return start, end, found
    return None


def _texts(found: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = found.get(key)
    texts = [each for each in values if isinstance(each, str)] if isinstance(values, list) else []
    return tuple(text[:LONGEST_NAMED] for text in texts[:NAMED_AT_MOST])


def _quoted(texts: Sequence[str]) -> str:
    """Return "“a” and “b” are"."""
    return f"{listed([f'“{text}”' for text in texts])} {'is' if len(texts) == 1 else 'are'}"
