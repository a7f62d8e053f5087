"""The sentences of a written chapter as they stand, each with its speaker and the passages that it rests on."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from books.text.citations import citation_marks, paragraphs, split_label, unescape_markdown
from books.text.sentences import sentence_spans

_SPACES = re.compile(r"\s+")
_LINE_MARKS = re.compile(r"^\s*(?:>\s*|[-+*]\s+|\d+[.)]\s+)+")
_EMPHASIS = re.compile(r"(?<!\\)[*_]{1,3}(?=\S)|(?<=\S)(?<!\\)[*_]{1,3}(?!\w)")


@dataclass(frozen=True)
class Told:
    """A sentence without marks and emphasis. `speaker` is whom the paragraph's label names."""

    text: str
    speaker: str
    chunk_ids: tuple[str, ...]

    @property
    def whole(self) -> str:
        """The sentence with its speaker."""
        return f"{self.speaker}: {self.text}" if self.speaker else self.text


def told_sentences(markdown: str, chunk_ids: Collection[str]) -> Iterator[Told]:
    """Yield the sentences of paragraphs that cite a passage; of every paragraph, where none cites any."""
    known = set(chunk_ids)
    prose = [text for _, _, text in paragraphs(markdown) if not text.lstrip().startswith("#")]
    cited = [text for text in prose if any(chunk_id in known for _, _, chunk_id in citation_marks(text))]
    for text in cited or prose:
        yield from _sentences(text, known)


def without_marks(text: str, chunk_ids: Collection[str]) -> str:
    """Return the text without the marks that cite one of these passages."""
    return _unmarked(text, set(chunk_ids))[0]


def _sentences(paragraph: str, known: set[str]) -> Iterator[Told]:
    speaker, start = split_label(paragraph)
    plain, marks = _unmarked(paragraph[start:], known)
    for left, right in sentence_spans(plain):
        text = _plain(plain[left:right])
        if text:
            yield Told(text, speaker, _marks_of(marks, left, right))


def _unmarked(text: str, known: set[str]) -> tuple[str, list[tuple[int, str]]]:
    """Return the text without marks of known passages, and where each of them stood in it."""
    pieces: list[str] = []
    marks: list[tuple[int, str]] = []
    at = length = 0
    for start, end, chunk_id in citation_marks(text):
        if chunk_id in known:
            piece = (
                text[at:start].rstrip(" ") if text[end : end + 1] in {"", " ", "\n", "."} else text[at:start]
            )
            pieces.append(piece)
            length += len(piece)
            marks.append((length, chunk_id))
            at = end
    return "".join([*pieces, text[at:]]), marks


def _marks_of(marks: list[tuple[int, str]], left: int, right: int) -> tuple[str, ...]:
    """Return the ids of the marks inside or right behind the sentence, else of the next ones: they cover it too."""
    inside = [chunk_id for place, chunk_id in marks if left < place <= right]
    if not inside:
        later = [place for place, _ in marks if place > right]
        inside = [chunk_id for place, chunk_id in marks if later and place == later[0]]
    return tuple(dict.fromkeys(inside))


def _plain(sentence: str) -> str:
    text = _EMPHASIS.sub("", _LINE_MARKS.sub("", sentence))
    return _SPACES.sub(" ", unescape_markdown(text)).strip()
