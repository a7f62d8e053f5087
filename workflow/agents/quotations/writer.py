"""The `quotations` Chapter Writer: one chapter of attributed, cited, verbatim quotations, without a model."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from books.preferences.reading import wanted_words
from books.text.citations import citation_mark
from books.text.tags import tag_named
from books.text.words import count_prose, count_words
from workflow.contract.agent_types import JSON, ChapterResult, ChapterTask, OnText, SourceChunk

from .frame import Frame, summary_paragraph, whole_summary
from .frame_words import ENGLISH, OF_LANGUAGE
from .paragraphs import Paragraph, make_paragraphs
from .phrases import PhraseBook
from .salience import inverse_frequencies
from .sections import cut_sections
from .selection import select_sentences
from .sentence_pairs import find_leads, pair_exchanges, with_short_answers
from .sentences import Sentence, find_sentences
from .turns import find_lines, in_spoken_order
from .words import split_words, terms_of

_QUOTED_SHARE = 0.8
_LEAST_QUOTED_SHARE = 0.4
_SUMMARY_SHARE = 0.3
_FRAME_WORDS = 40
_MOST_THEMES = 8
_MOST_TAGS = 5
_QUOTABLE = re.compile(r"[^\s…]")


@dataclass(frozen=True)
class _Body:
    """What is quoted in a chapter, section by section, with a heading ("" for none) for each."""

    chunks: Sequence[SourceChunk]
    in_order: bool
    sections: Sequence[Sequence[Paragraph]]
    headings: Sequence[str]
    key_phrases: Sequence[str]

    @property
    def paragraphs(self) -> list[Paragraph]:
        return [paragraph for section in self.sections for paragraph in section]

    @property
    def voices(self) -> list[str]:
        return list(dict.fromkeys(p.speaker for p in self.paragraphs if p.speaker))

    @property
    def cited_ids(self) -> list[str]:
        return list(dict.fromkeys(self.chunks[p.chunk].id for p in self.paragraphs))


_FRAMES: Mapping[str, Frame] = {language: Frame(words) for language, words in OF_LANGUAGE.items()}
_OF_NO_LANGUAGE = Frame(ENGLISH)


class QuotationsWriter:
    """Writes an oral-history chapter of the sources' own words: chosen, ordered, never altered or added to.

    Works on text in any language; the few sentences around the quotations are in the book's own, English or German. Of
    other languages we have none: those books have nothing but the quotations. `note_context` is told which
    passages were left out.
    """

    def __init__(self, note_context: Callable[[JSON], None] | None = None) -> None:
        self._note_context = note_context

    def write(self, task: ChapterTask, on_text: OnText) -> ChapterResult:
        """Return the chapter; `on_text` gets its Markdown by paragraphs. Same task, same bytes."""
        if self._note_context and task.withheld_chunk_ids:
            self._note_context({"left_out_passages": [*task.withheld_chunk_ids]})
        body = _choose_body(task)
        blocks = _blocks(task, body)
        for number, block in enumerate(blocks):
            on_text(f"\n\n{block}" if number else block)
        return _draft(task, body, "\n\n".join(blocks))


def _choose_body(task: ChapterTask) -> _Body:
    chunks, in_order = in_spoken_order(_quotable(task.text_chunks))
    texts = [chunk.text for chunk in chunks]
    sentences = with_short_answers(
        find_sentences(find_lines(chunks, task.storyline_node.participants), texts)
    )
    company = pair_exchanges(sentences)
    chosen = select_sentences(sentences, company, find_leads(sentences), _query(task), _budget(task))
    paragraphs = make_paragraphs(sentences, chosen, texts, [chunk.id for chunk in chunks])
    sections = cut_sections(paragraphs, inverse_frequencies([p.terms for p in paragraphs]), company)
    phrases = _phrases(task, sections, sentences)
    return _Body(chunks, in_order, sections, phrases.headings(), phrases.key_phrases(_MOST_THEMES))


def _quotable(chunks: Sequence[SourceChunk]) -> list[SourceChunk]:
    unique = {chunk.id: chunk for chunk in reversed(chunks)}
    return [
        chunk
        for chunk in chunks
        if unique[chunk.id] is chunk and citation_mark(chunk.id) and _QUOTABLE.search(chunk.text)
    ]


def _query(task: ChapterTask) -> list[str]:
    return [task.title, task.storyline_node.title, task.storyline_node.summary, *task.storyline_node.themes]


def _budget(task: ChapterTask) -> int:
    """Return how many words may be quoted: four fifths of the chapter, less where the summary is long."""
    wanted = wanted_words(task.user_preferences)
    framed = count_words(_lead(task)) + _FRAME_WORDS
    return round(min(_QUOTED_SHARE * wanted, max(_LEAST_QUOTED_SHARE * wanted, wanted - framed)))


def _lead(task: ChapterTask) -> str:
    return summary_paragraph(
        task.storyline_node, limit=round(_SUMMARY_SHARE * wanted_words(task.user_preferences))
    )


def _phrases(
    task: ChapterTask, sections: Sequence[Sequence[Paragraph]], sentences: Sequence[Sentence]
) -> PhraseBook:
    return PhraseBook(
        sections=[[quote for p in section for quote in p.quotes] for section in sections],
        topics=[task.storyline_node.summary, *task.storyline_node.themes],
        title=task.title,
        names=[*dict.fromkeys(s.speaker for s in sentences), *task.storyline_node.participants],
    )


def _blocks(task: ChapterTask, body: _Body) -> list[str]:
    if not body.paragraphs:
        return _blocks_without_quotes(task)
    lead = _lead(task)
    blocks = [block for block in (lead, _account(task, body)) if block]
    for heading, section in zip(body.headings, body.sections, strict=True):
        if heading:
            blocks.append(f"## {heading}")
        blocks += [paragraph.markdown for paragraph in section]
    return blocks


def _blocks_without_quotes(task: ChapterTask) -> list[str]:
    summary = whole_summary(task.storyline_node)
    has_text = any(chunk.text.strip() for chunk in task.text_chunks)
    # Where there is nothing at all, a sentence in English is better than no word.
    words = _frame(task) or (None if summary else _OF_NO_LANGUAGE)
    plain = (
        words.no_quotes_sentence(
            has_text=has_text, has_summary=bool(summary), emptied=bool(task.withheld_chunk_ids)
        )
        if words
        else ""
    )
    return [block for block in (summary, plain) if block]


def _frame(task: ChapterTask) -> Frame | None:
    """Return the sentences in the book's language, English where it says none; None where there are none."""
    language = tag_named(str(task.book_metadata.get("language") or "")).partition("-")[0]
    return _FRAMES.get(language or "en")


def _account(task: ChapterTask, body: _Body) -> str:
    words = _frame(task)
    if words is None:
        return ""
    counting = words.counting_sentence(
        cited=len(body.cited_ids),
        given=len(body.chunks),
        voices=body.voices,
        unnamed=not all(p.speaker for p in body.paragraphs),
        in_order=body.in_order,
    )
    return " ".join(filter(None, [counting, words.earlier_voices(task.previous_context, body.voices)]))


def _draft(task: ChapterTask, body: _Body, markdown: str) -> ChapterResult:
    known = {theme.casefold() for theme in task.storyline_node.themes}
    themes = [
        *task.storyline_node.themes,
        *(phrase for phrase in body.key_phrases if phrase.casefold() not in known),
    ]
    quoted = sum(p.words for p in body.paragraphs)
    coverage = measure_coverage(
        used_share=len(body.cited_ids) / len(body.chunks) if body.chunks else 0.0,
        query=_query(task),
        quotes=[quote for p in body.paragraphs for quote in p.quotes],
        length_share=quoted / (_QUOTED_SHARE * wanted_words(task.user_preferences)),
    )
    return ChapterResult(
        content=markdown,
        title=task.title,
        themes=tuple(themes[: max(_MOST_THEMES, len(task.storyline_node.themes))]),
        participants=tuple(body.voices),
        tags=tuple(body.key_phrases[:_MOST_TAGS]),
        source_chunk_ids=tuple(body.cited_ids),
        confidence=coverage,
        quality_metrics={
            "coverage": coverage,
            "words": count_prose(markdown),
            "quoted_words": quoted,
            "quotes": sum(len(p.quotes) for p in body.paragraphs),
            "passages": len(body.cited_ids),
            "passages_given": len(task.text_chunks),
            "voices": len(body.voices),
            "sections": max(1, sum(map(bool, body.headings))),
        },
    )


def measure_coverage(
    used_share: float, query: Sequence[str], quotes: Sequence[str], length_share: float
) -> float:
    """Return 0 to 1: .4 share of passages used, .3 match to the summary, .3 words of those wanted.

    The match is the share of the summary's, title's and themes' terms that occur in the quotes; a node
    without any leaves the other two to count.
    """
    wanted = _terms(query)
    filled = min(1.0, length_share)
    if not wanted:
        return round((0.4 * used_share + 0.3 * filled) / 0.7, 3)
    match = len(wanted & _terms(quotes)) / len(wanted)
    return round(0.4 * used_share + 0.3 * match + 0.3 * filled, 3)


def _terms(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(term for text in texts for term in terms_of(split_words(text)))
