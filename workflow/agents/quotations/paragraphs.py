"""Chosen sentences as the paragraphs of a chapter: whose words, from which chunk, with what left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from books.text.citations import OMISSION, citation_mark, escape_markdown, find_quotes
from books.text.verbatim import may_follow

from .sentences import Sentence

_LONG_PARAGRAPH_WORDS = 130
_WIDEST_SEAM = 12


@dataclass(frozen=True)
class Paragraph:
    """Verbatim quotes of one speaker from one chunk. `places` are those of its sentences; `chunk` is a place, too."""

    speaker: str
    chunk: int
    places: tuple[int, ...]
    quotes: tuple[str, ...]
    terms: tuple[str, ...]
    words: int
    markdown: str


def make_paragraphs(
    sentences: Sequence[Sentence], chosen: Sequence[int], texts: Sequence[str], chunk_ids: Sequence[str]
) -> list[Paragraph]:
    """Group chosen sentences, in order, by speaker and chunk; very long speeches at a change of line.

    What is no quotation by itself, a word out of the middle of a sentence, makes no paragraph.
    """
    groups: list[list[int]] = []
    for place in chosen:
        if groups and _belongs(sentences, groups[-1], place, texts[sentences[place].chunk]):
            groups[-1].append(place)
        else:
            groups.append([place])
    made = (
        _paragraph(sentences, tuple(group), texts[chunk], chunk_ids[chunk])
        for group in groups
        for chunk in (sentences[group[0]].chunk,)
    )
    return [paragraph for paragraph in made if paragraph.quotes]


def _belongs(sentences: Sequence[Sentence], group: Sequence[int], place: int, text: str) -> bool:
    last, new = sentences[group[-1]], sentences[place]
    if (last.chunk, last.speaker) != (new.chunk, new.speaker):
        return False
    if place == group[-1] + 1 and last.line == new.line:
        return True
    is_short = sum(sentences[p].words for p in group) < _LONG_PARAGRAPH_WORDS
    return is_short and may_follow(text, last.end, new.start)


def _paragraph(sentences: Sequence[Sentence], group: tuple[int, ...], text: str, chunk_id: str) -> Paragraph:
    first, last = sentences[group[0]], sentences[group[-1]]
    joined = f" {OMISSION} ".join(escape_markdown(text[a:b]) for a, b in _spans(sentences, group))
    said = f"{OMISSION} " * first.cut_before + joined + f" {OMISSION}" * last.cut_after
    label = f"**{escape_markdown(first.speaker)}:** " if first.speaker else ""
    return Paragraph(
        speaker=first.speaker,
        chunk=first.chunk,
        places=group,
        quotes=tuple(quote for _, _, quote in find_quotes(said, 0, len(said), text)),
        terms=tuple(term for place in group for term in sentences[place].terms),
        words=sum(sentences[place].words for place in group),
        markdown=f"{label}{said} {citation_mark(chunk_id)}",
    )


def _spans(sentences: Sequence[Sentence], group: Sequence[int]) -> list[tuple[int, int]]:
    """Return the stretches of the chunk's text, with sentences that adjoin on a line made one."""
    spans: list[tuple[int, int]] = []
    before = -2
    for place in group:
        sentence = sentences[place]
        adjoins = before + 1 == place and sentences[before].line == sentence.line
        if adjoins and sentence.start - spans[-1][1] <= _WIDEST_SEAM:
            spans[-1] = (spans[-1][0], sentence.end)
        else:
            spans.append((sentence.start, sentence.end))
        before = place
    return spans
