"""Chosen sentences as the paragraphs of a chapter: whose words, from which chunk, with what left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from books.passages import OMISSION, citation_mark, escape_markdown, split_quotes
from workflow.agents.quotations.sentences import Sentence

_LONG_PARAGRAPH_WORDS = 130
_WIDEST_SEAM = 12


@dataclass(frozen=True)
class Paragraph:
    """Quotes of one speaker from one chunk. `places` are those of its sentences; `chunk` is a place, too."""

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
    """Group chosen sentences, in order, by speaker and chunk; very long speeches at a change of line."""
    groups: list[list[int]] = []
    for place in chosen:
        if groups and _belongs(sentences, groups[-1], place):
            groups[-1].append(place)
        else:
            groups.append([place])
    return [
        _paragraph(sentences, tuple(group), texts[chunk], chunk_ids[chunk])
        for group in groups
        for chunk in (sentences[group[0]].chunk,)
    ]


def _belongs(sentences: Sequence[Sentence], group: Sequence[int], place: int) -> bool:
    last, new = sentences[group[-1]], sentences[place]
    if (last.chunk, last.speaker) != (new.chunk, new.speaker):
        return False
    adjoins = place == group[-1] + 1 and last.line == new.line
    return adjoins or sum(sentences[p].words for p in group) < _LONG_PARAGRAPH_WORDS


def _paragraph(sentences: Sequence[Sentence], group: tuple[int, ...], text: str, chunk_id: str) -> Paragraph:
    first, last = sentences[group[0]], sentences[group[-1]]
    said = f" {OMISSION} ".join(escape_markdown(text[a:b]) for a, b in _spans(sentences, group))
    label = f"**{escape_markdown(first.speaker)}:** " if first.speaker else ""
    before, after = f"{OMISSION} " * first.cut_before, f" {OMISSION}" * last.cut_after
    return Paragraph(
        speaker=first.speaker,
        chunk=first.chunk,
        places=group,
        quotes=tuple(quote for _, _, quote in split_quotes(said, 0, text)),
        terms=tuple(term for place in group for term in sentences[place].terms),
        words=sum(sentences[place].words for place in group),
        markdown=f"{label}{before}{said}{after} {citation_mark(chunk_id)}",
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
