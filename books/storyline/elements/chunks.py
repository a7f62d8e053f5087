"""Reading the chunks of an upload, in its list of chunks or inside a node."""

from books.storyline.names import CHUNK
from books.storyline.shapes import Placed
from books.storyline.values.document import ChunkSpec
from books.storyline.wording import Path

from .fields import Fields, as_object
from .records import Records

_SOURCE_CHARACTERS = 1000


def read_listed_chunk(placed: Placed, records: Records) -> None:
    """Keep a chunk of the document's list, where each id stands once."""
    chunk = _read_chunk(placed, records)
    if chunk is None:
        return
    if chunk.id in records.chunks:
        records.note_twice(chunk.id, (*placed.path, "id"), records.chunk_paths[chunk.id])
    else:
        _keep(chunk, placed.path, records)


def read_nested_chunk(item: object, path: Path, records: Records) -> str | None:
    """Keep a chunk that stands inside a node, return its id. It may stand elsewhere with the same text."""
    chunk = _read_chunk(Placed(item, path), records)
    if chunk is None:
        return None
    earlier = records.chunks.get(chunk.id)
    if earlier is None:
        _keep(chunk, path, records)
    elif earlier.text != chunk.text:
        first = records.chunk_paths[chunk.id]
        records.note_twice(chunk.id, (*path, "id"), first, " with different texts")
    return chunk.id


def _keep(chunk: ChunkSpec, path: Path, records: Records) -> None:
    records.chunks[chunk.id] = chunk
    records.chunk_paths[chunk.id] = (*path, "id")


def read_own_chunk(fields: Fields, identifier: str, records: Records) -> str | None:
    """Keep the text that a node itself holds as a chunk of the node's id; return the chunk's id."""
    text = fields.text("text")
    if not text.strip():
        return None
    earlier = records.chunks.get(identifier)
    chunk_id = identifier if earlier is None or earlier.text == text else f"{identifier}-text"
    if chunk_id not in records.chunks:
        records.chunks[chunk_id] = ChunkSpec(chunk_id, text)
        records.chunk_paths[chunk_id] = fields.place("text")
    return chunk_id


def _read_chunk(placed: Placed, records: Records) -> ChunkSpec | None:
    value = as_object(placed.value, placed.path, records.findings)
    if value is None:
        return None
    fields = records.fields(value, placed.path, CHUNK, placed.inner)
    identifier = fields.identifier("id", "this chunk")
    text = _text(fields)
    speaker, speakers = _speakers(fields)
    start, end = _times(fields)
    source, sequence = fields.line("source", _SOURCE_CHARACTERS), fields.whole("sequence")
    if identifier is None:
        return None
    return ChunkSpec(identifier, text, speaker, speakers, source, sequence, start, end, records.rest(fields))


def _text(fields: Fields) -> str:
    text = fields.text("text")
    if not text.strip() and isinstance(fields.value("text"), str | None):
        fields.note("text", "no_text", "This chunk has no text. Write its text, or remove the chunk.")
    return text


def _speakers(fields: Fields) -> tuple[str, tuple[str, ...]]:
    """Return who speaks and all who speak. Of several nobody is chosen: that would put words in a mouth."""
    speaker, speakers = fields.line("speaker"), fields.lines("speakers")
    if not speaker and len(speakers) == 1:
        return speakers[0], speakers
    return speaker, speakers or ((speaker,) if speaker else ())


def _times(fields: Fields) -> tuple[float | None, float | None]:
    start, end = fields.seconds("start_seconds"), fields.seconds("end_seconds")
    if start is not None and end is not None and end < start:
        sentence = f"The end, {end:g} s, is before the start, {start:g} s. Exchange or correct the two."
        fields.note("end_seconds", "ends_before_start", sentence)
    return start, end
