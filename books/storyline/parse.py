"""From an upload to a StorylineDocument, or to the list of all its faults."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from unicodedata import normalize

from .elements.contents import read_contents
from .elements.records import Records
from .elements.references import check_references
from .faults import Findings, StorylineFaults, TooManyFaults, text_fault
from .jsontext import parse_json, refuse_depth
from .limits import DEFAULT_LIMITS, Limits
from .plain import NotPlain, Repeats, check_plain
from .source.encoding import TextFault, decoded
from .source.kinds import transcript_sentence
from .source.parsed import NODES
from .table import is_table, parse_table
from .values.document import NodeSpec, StorylineDocument
from .values.titles import with_plain_titles
from .wording import described


def read_storyline(
    data: bytes | str, *, known_chunk_ids: Collection[str] = (), limits: Limits = DEFAULT_LIMITS
) -> StorylineDocument:
    """Return the storyline in an upload: a JSON document, a list of nodes, JSON Lines or CSV.

    `known_chunk_ids` are chunks of earlier uploads that nodes may name. Raises StorylineFaults, and nothing
    else, whatever the text is; its faults have lines.
    """
    try:
        return read_text(decoded(data, limits), known_chunk_ids=known_chunk_ids, limits=limits)
    except TextFault as error:
        raise StorylineFaults([text_fault(error)]) from None


def read_storyline_value(
    value: object, *, known_chunk_ids: Collection[str] = (), limits: Limits = DEFAULT_LIMITS
) -> StorylineDocument:
    """Return the storyline in a parsed JSON value. Raises StorylineFaults, whose faults have no lines."""
    findings = Findings()
    with suppress(TooManyFaults):
        try:
            document = _document(value, findings, known_chunk_ids, limits, {})
        except NotPlain as error:
            findings.add(error.path, error.code, str(error))
    if findings:
        raise StorylineFaults(findings.faults())
    return document


def read_text(text: str, *, known_chunk_ids: Collection[str], limits: Limits) -> StorylineDocument:
    """Return the storyline in an upload's decoded text. Raises TextFault, StorylineFaults."""
    parsed = parse_table(text, limits) if is_table(text) else parse_json(text, limits)
    repeats = {id(value): keys for value, keys in parsed.repeats}
    findings = Findings()
    with suppress(TooManyFaults):
        try:
            document = _document(parsed.value, findings, known_chunk_ids, limits, repeats)
        except NotPlain as error:
            if error.code == "too_deep":
                refuse_depth(parsed.text, limits)
            findings.add(error.path, error.code, str(error))
    if findings:
        raise StorylineFaults(findings.faults(parsed.locate))
    return document


def _document(
    value: object, findings: Findings, known_chunk_ids: Collection[str], limits: Limits, repeats: Repeats
) -> StorylineDocument:
    """Return the document, of use only where there are no findings. Raises NotPlain."""
    if not isinstance(value, dict | list):
        raise NotPlain((), "not_a_storyline", _not_a_storyline(value))
    check_plain(value, NODES if isinstance(value, list) else (), findings, limits, repeats)
    records = Records(findings, limits)
    if isinstance(value, list) and (sentence := transcript_sentence(value)):
        raise NotPlain((), "transcript", sentence)
    book, extra = read_contents(value, records)
    stored = {normalize("NFC", known): known for known in known_chunk_ids}
    check_references(records, stored)
    return StorylineDocument(
        nodes=with_plain_titles(_with_stored_ids(records, stored)),
        book=book,
        chunks=tuple(records.chunks.values()),
        links=tuple(link for _, link in records.links),
        extra=extra,
        notices=(*records.renamed.notices(), *records.unread.notices()),
    )


def _with_stored_ids(records: Records, stored: Mapping[str, str]) -> Sequence[NodeSpec]:
    """Return the nodes with the ids of earlier chunks as those were written, where that differs."""
    differing = {
        ours: theirs for ours, theirs in stored.items() if ours != theirs and ours not in records.chunks
    }
    if not differing:
        return records.nodes
    return [
        replace(node, chunk_ids=tuple(differing.get(each, each) for each in node.chunk_ids))
        for node in records.nodes
    ]


def _not_a_storyline(value: object) -> str:
    return f"{described(value)} is not a storyline. Upload an object with “nodes”, or a list of nodes."
