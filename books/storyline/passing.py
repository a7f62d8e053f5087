"""How a storyline that was read in one process reaches another: as lines of JSON in UTF-8.

The first line is the answer but for its chunks; each chunk has a line of its own, so that nobody holds all twice.
With it goes what was made of its text, which takes time that only the reading process has.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, cast

from books.text.clean import CleanText, Turn
from books.text.loops import Loop

from .faults import Fault, StorylineFaults
from .listing import ListingLine
from .values.document import BookInfo, ChunkSpec, LinkSpec, NodeSpec, Notice, StorylineDocument

Packed = Mapping[str, object]

# JSON has lists where the specifications hold tuples.
_NODE_TUPLES = ("themes", "participants", "chunk_ids", "depends_on")


def packed(value: object) -> bytes:
    """Return any value of this package as a line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=vars)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def pack_document(document: StorylineDocument) -> Iterator[bytes]:
    """Yield a whole storyline as lines."""
    names = ("nodes", "book", "links", "format", "extra", "notices")
    yield packed({"document": {name: getattr(document, name) for name in names}})
    yield from map(_packed_chunk, document.chunks)


def pack_chunks(chunks: Iterable[ChunkSpec]) -> Iterator[bytes]:
    """Yield chunks as lines."""
    yield packed({})
    yield from map(_packed_chunk, chunks)


def _packed_chunk(chunk: ChunkSpec) -> bytes:
    clean = chunk.clean
    return packed(
        {
            "chunk": {each.name: getattr(chunk, each.name) for each in fields(chunk)},
            "clean": {**vars(clean), "text": None if clean.text == chunk.text else clean.text},
            "word_count": chunk.word_count,
        }
    )


def pack_faults(faults: Iterable[Fault], lines: Iterable[ListingLine]) -> Iterator[bytes]:
    """Yield what is wrong with an upload, and the lines around it, as one line."""
    yield packed({"faults": list(faults), "lines": list(lines)})


def _unpacked(line: bytes) -> Packed:
    return cast(Packed, json.loads(line.decode("utf-8", "surrogatepass")))


def _head(lines: Iterator[bytes]) -> Packed:
    found = _unpacked(next(lines))
    if "faults" in found:
        faults = [Fault(**each) for each in _objects(found, "faults")]
        raise StorylineFaults(faults, [_line(each) for each in _objects(found, "lines")])
    return found


def unpack_document(lines: Iterator[bytes]) -> StorylineDocument:
    """Return the storyline that was packed. Raises the StorylineFaults where those were."""
    parts = cast(Packed, _head(lines)["document"])
    return StorylineDocument(
        nodes=tuple(_node(each) for each in _objects(parts, "nodes")),
        book=BookInfo(**cast(dict[str, object], parts["book"])),  # type: ignore[arg-type]
        chunks=tuple(map(_chunk, lines)),
        links=tuple(LinkSpec(**each) for each in _objects(parts, "links")),
        format=str(parts["format"]),
        extra=cast(Packed, parts["extra"]),
        notices=tuple(Notice(**each) for each in _objects(parts, "notices")),
    )


def unpack_chunks(lines: Iterator[bytes]) -> tuple[ChunkSpec, ...]:
    """Return the chunks that were packed. Raises the StorylineFaults where those were."""
    _head(lines)
    return tuple(map(_chunk, lines))


def _chunk(line: bytes) -> ChunkSpec:
    found = cast(dict[str, Any], _unpacked(line))
    each, clean = found["chunk"], found["clean"]
    chunk = ChunkSpec(**each | {"speakers": tuple(each["speakers"])})
    text = chunk.text if clean["text"] is None else clean["text"]
    turns = tuple(Turn(*turn) for turn in clean["turns"])
    loops = tuple(Loop(*loop) for loop in clean["loops"])
    # As if they had been asked for here.
    made = CleanText(text, turns, loops, tuple(clean["labels"]))
    vars(chunk).update(clean=made, word_count=found["word_count"])
    return chunk


def _node(each: dict[str, object]) -> NodeSpec:
    return NodeSpec(**each | {name: tuple(cast(list[str], each[name])) for name in _NODE_TUPLES})  # type: ignore[arg-type]


def _line(each: dict[str, object]) -> ListingLine:
    return ListingLine(**each | {"notes": tuple(cast(list[str], each["notes"]))})  # type: ignore[arg-type]


def _objects(found: Packed, name: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], found[name])
