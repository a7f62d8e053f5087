"""Proof that a chapter of quotations keeps its word: verbatim, cited, and nothing else but its frame."""

from collections.abc import Iterable, Mapping

from books.text.citations import citation_marks, find_quotes, paragraphs, split_label
from workflow.agents.quotations.turns import plain_name
from workflow.contract.agent_types import SourceChunk


def verify_chapter(markdown: str, chunks: Iterable[SourceChunk]) -> list[str]:
    """Return a sentence for each fault of a chapter that the quotations writer wrote; an empty list is proof.

    The frame is what stands before the first heading or citation; every later paragraph must be quotes.
    """
    sources = {chunk.id: chunk for chunk in chunks}
    faults: list[str] = []
    body_began = False
    for index, _, text in paragraphs(markdown):
        if text.startswith("## "):
            body_began = True
            continue
        marks = list(citation_marks(text))
        body_began = body_began or bool(marks)
        if body_began:
            faults += [f"paragraph {index}: {fault}" for fault in _faults_of(text, marks, sources)]
    return faults


def _faults_of(text: str, marks: list[tuple[int, int, str]], sources: Mapping[str, SourceChunk]) -> list[str]:
    if len(marks) != 1 or text[marks[0][1] :].strip():
        return ["must end with its one citation"]
    start, _, chunk_id = marks[0]
    if chunk_id not in sources:
        return [f"no chunk has the id {chunk_id!r}"]
    source = sources[chunk_id]
    name, body_start = split_label(text)
    faults: list[str] = []
    if not text[body_start:start].strip():
        faults.append("quotes nothing")
    elif not find_quotes(text, body_start, start, source.text):
        faults.append(f"not in {chunk_id!r}: {text[body_start:start].strip()!r}")
    if name and not _speaks_in(name, source):
        faults.append(f"{chunk_id!r} names no {name!r}")
    return faults


def _speaks_in(name: str, source: SourceChunk) -> bool:
    named = [plain_name(speaker).casefold() for speaker in (source.speaker, *source.speakers)]
    return name.casefold() in named or name.casefold() in " ".join(source.text.casefold().split())
