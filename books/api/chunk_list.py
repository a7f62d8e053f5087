"""Reading a list of chunks alone, by the rules of the storyline's chunks."""

from collections.abc import Sequence

from books.storyline import ChunkSpec, Fault, Limits, StorylineFaults
from books.storyline.chunks import read_listed_chunk
from books.storyline.encoding import TextFault, decoded
from books.storyline.faults import Findings
from books.storyline.jsontext import parse_json
from books.storyline.parsed import ParsedText
from books.storyline.plain import NotPlain, check_plain
from books.storyline.positions import positions_at
from books.storyline.records import Records
from books.storyline.wording import Path

_CHUNKS: Path = ("chunks",)


def read_chunks(data: bytes, limits: Limits) -> tuple[ChunkSpec, ...]:
    """Return the chunks of a JSON list, or of an object's `chunks`. Raises StorylineFaults with every fault."""
    try:
        parsed = parse_json(decoded(data, limits), limits)
    except TextFault as error:
        raise StorylineFaults([_text_fault(error)]) from None
    findings = Findings()
    records = Records(findings, limits)
    try:
        _read(parsed, records)
    except NotPlain as error:
        findings.add(error.path, error.code, str(error))
    if findings:
        raise StorylineFaults(findings.faults(parsed.locate))
    return tuple(records.chunks.values())


def _read(parsed: ParsedText, records: Records) -> None:
    items = _listed(parsed.value)
    if items is None:
        raise NotPlain((), "not_chunks", "Send a list of chunks, each an object with an “id” and a “text”.")
    if not items:
        raise NotPlain((), "no_chunks", "There are no chunks. Send at least one.")
    if len(items) > records.limits.chunks:
        raise NotPlain((), "too_large", f"At most {records.limits.chunks:,} chunks fit. Send them in parts.")
    repeats = {id(value): keys for value, keys in parsed.repeats}
    check_plain(list(items), _CHUNKS, records.findings, records.limits, repeats)
    for index, item in enumerate(items):
        read_listed_chunk(item, (*_CHUNKS, index), records)


def _listed(value: object) -> Sequence[object] | None:
    items = value.get("chunks") if isinstance(value, dict) else value
    return items if isinstance(items, list) else None


def _text_fault(error: TextFault) -> Fault:
    if error.text is None:
        return Fault("", str(error), None, error.code)
    position = next(positions_at(error.text, [error.offset]))
    place = f"line {position.line}, column {position.column}"
    return Fault(place, str(error), position.line, error.code, position.column)
