"""Reading a list of chunks alone, by the rules of the storyline's chunks."""

from collections.abc import Sequence
from contextlib import suppress

from .elements.chunks import read_listed_chunk
from .elements.records import Records
from .faults import Findings, StorylineFaults, TooManyFaults, text_fault
from .jsontext import parse_json
from .limits import Limits
from .plain import NotPlain, check_plain
from .shapes import Placed
from .source.encoding import TextFault
from .source.parsed import ParsedText
from .values.document import ChunkSpec
from .wording import Path

_CHUNKS: Path = ("chunks",)


def read_chunks(text: str, limits: Limits) -> tuple[ChunkSpec, ...]:
    """Return the chunks of a JSON list, or of an object's `chunks`. Raises StorylineFaults with every fault."""
    try:
        parsed = parse_json(text, limits)
    except TextFault as error:
        raise StorylineFaults([text_fault(error)]) from None
    findings = Findings()
    records = Records(findings, limits)
    with suppress(TooManyFaults):
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
        read_listed_chunk(Placed(item, (*_CHUNKS, index)), records)


def _listed(value: object) -> Sequence[object] | None:
    items = value.get("chunks") if isinstance(value, dict) else value
    return items if isinstance(items, list) else None
