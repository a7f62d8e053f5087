"""Which stretches of a chapter nobody may change: quotations from its sources, and Markdown's own marks."""

import re
from collections.abc import Iterator, Sequence

from books.text.citations import (
    between_marks,
    citation_marks,
    find_passages,
    find_quotes,
    paragraphs,
    unescape_markdown,
)
from books.text.typography import fold
from workflow.contract.agent_types import SourceChunk

from .spans import Span, Spans

_FENCE = re.compile(
    r"^[ ]{0,3}(`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^[ ]{0,3}\1[^\n]*$|\Z)", re.MULTILINE | re.DOTALL
)
_INDENTED = re.compile(r"(?:\A|\n[ \t]*\n)((?:(?:[ ]{4}|\t)[^\n]*(?:\n|\Z))+)")
_SYNTAX = re.compile(
    r"(?:(?<![\\`])|(?<=\\`))(?P<tick>`++)[^`\n]++(?P=tick)"
    r"|\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)"
    r"|^[ ]{0,3}\[[^\]\n]+\]:[ \t]*\S.*$"
    r"|<[a-zA-Z/!][^<>\n]*>"
    r"|https?://[^\s)>\]]+",
    re.MULTILINE,
)
_BLOCKQUOTE = re.compile(r"[ ]{0,3}>")
_ID_LIKE = re.compile(r"(?=\S*\d)\S+")
_LABEL = re.compile(r"\s*\*\*((?:[^*\\\n]|\\.)+?)(?::\*\*|\*\*:)\s*")
_SPEAKER = re.compile(r"^([^:\n]{1,80}):\s", re.MULTILINE)
_ROLE = re.compile(r"\s*\([^)]*\)\s*$")
_JOINT = re.compile(r"[ \t]*\n?[ \t]*(?:…[ \t]*\n?[ \t]*)?")


def protected_spans(markdown: str, chunks: Sequence[SourceChunk]) -> list[Span]:
    """Return the sorted spans that no change may touch: what the sources say, and what Markdown needs.

    What a quotation is, `books.text.verbatim` says.
    """
    spans = Spans.of(
        [
            *_syntax(markdown),
            *_citation_marks(markdown, {chunk.id for chunk in chunks}),
            *_cited(markdown, chunks),
            *_quoted(markdown, chunks),
        ]
    )
    return _join(markdown, spans)


def _syntax(markdown: str) -> Iterator[Span]:
    for pattern in (_FENCE, _SYNTAX):
        yield from (match.span() for match in pattern.finditer(markdown))
    yield from (match.span(1) for match in _INDENTED.finditer(markdown))


def _citation_marks(markdown: str, ids: set[str]) -> Iterator[Span]:
    for start, end, chunk_id in citation_marks(markdown):
        if chunk_id in ids or _ID_LIKE.fullmatch(chunk_id):
            yield start, end


def _cited(markdown: str, chunks: Sequence[SourceChunk]) -> Iterator[Span]:
    for passage in find_passages(markdown, {chunk.id: chunk.text for chunk in chunks}):
        yield passage.start, passage.end


def _quoted(markdown: str, chunks: Sequence[SourceChunk]) -> Iterator[Span]:
    speakers = _speakers(chunks)
    for _, offset, text in paragraphs(markdown):
        whole = (offset, offset + len(text))
        label = _LABEL.match(text)
        if _BLOCKQUOTE.match(text) or (label and _plain_name(unescape_markdown(label[1])) in speakers):
            yield whole
            continue
        body = label.end() if label else 0
        if label:
            yield offset, offset + body
        for start, end in [(body, len(text)), *between_marks(text)]:
            yield from ((offset + a, offset + b) for a, b in _verbatim(text, start, end, chunks))


def _verbatim(text: str, start: int, end: int, chunks: Sequence[SourceChunk]) -> Iterator[Span]:
    """Yield the pieces of text[start:end], if it is a quotation from one of the chunks."""
    for chunk in chunks:
        if quotes := find_quotes(text, start, end, chunk.text):
            yield from ((a, b) for a, b, _ in quotes)
            return


def _speakers(chunks: Sequence[SourceChunk]) -> frozenset[str]:
    names = {name for chunk in chunks for name in (chunk.speaker, *chunk.speakers)}
    names |= {match[1] for chunk in chunks for match in _SPEAKER.finditer(chunk.text)}
    return frozenset(_plain_name(name) for name in names if name.strip())


def _plain_name(name: str) -> str:
    return fold(_ROLE.sub("", name)).strip()


def _join(markdown: str, spans: Spans) -> list[Span]:
    """Close the gaps inside one quotation (white space, an omission), so that nothing can be put into it."""
    joined: list[Span] = []
    for start, end in spans.bounds:
        if joined and _JOINT.fullmatch(markdown, joined[-1][1], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
