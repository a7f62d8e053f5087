"""How a storyline that was read in one process reaches another: as JSON in UTF-8, both ways."""

import json
from collections.abc import Mapping
from typing import Any, cast

from .document import BookInfo, ChunkSpec, LinkSpec, NodeSpec, StorylineDocument
from .faults import Fault, StorylineFaults
from .listing import ListingLine
from .notices import Notice

Packed = Mapping[str, object]

# JSON has lists where the specifications hold tuples.
_NODE_TUPLES = ("themes", "participants", "chunk_ids", "depends_on")


def packed(value: object) -> bytes:
    """Return any value of this package as bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=vars)
    return text.encode("utf-8", "surrogatepass")


def pack_document(document: StorylineDocument) -> bytes:
    """Return a whole storyline as bytes."""
    names = ("nodes", "book", "chunks", "links", "format", "extra", "notices")
    return packed({"document": {name: getattr(document, name) for name in names}})


def pack_chunks(chunks: tuple[ChunkSpec, ...]) -> bytes:
    """Return chunks as bytes."""
    return packed({"chunks": chunks})


def pack_faults(error: StorylineFaults) -> bytes:
    """Return what is wrong with an upload as bytes."""
    return packed({"faults": error.faults, "lines": error.lines})


def unpack(data: bytes) -> Packed:
    """Return what was packed. Raises the StorylineFaults where those were."""
    found = cast(Packed, json.loads(data.decode("utf-8", "surrogatepass")))
    if "faults" in found:
        faults = [Fault(**each) for each in _objects(found, "faults")]
        raise StorylineFaults(faults, [_line(each) for each in _objects(found, "lines")])
    return found


def unpack_document(found: Packed) -> StorylineDocument:
    """Return the storyline that was packed."""
    parts = cast(Packed, found["document"])
    return StorylineDocument(
        nodes=tuple(_node(each) for each in _objects(parts, "nodes")),
        book=BookInfo(**cast(dict[str, object], parts["book"])),  # type: ignore[arg-type]
        chunks=unpack_chunks(parts),
        links=tuple(LinkSpec(**each) for each in _objects(parts, "links")),
        format=str(parts["format"]),
        extra=cast(Packed, parts["extra"]),
        notices=tuple(Notice(**each) for each in _objects(parts, "notices")),
    )


def unpack_chunks(found: Packed) -> tuple[ChunkSpec, ...]:
    """Return the chunks that were packed."""
    return tuple(
        ChunkSpec(**{**each, "speakers": tuple(each["speakers"])}) for each in _objects(found, "chunks")
    )


def _node(each: dict[str, object]) -> NodeSpec:
    return NodeSpec(**each | {name: tuple(cast(list[str], each[name])) for name in _NODE_TUPLES})  # type: ignore[arg-type]


def _line(each: dict[str, object]) -> ListingLine:
    return ListingLine(**each | {"notes": tuple(cast(list[str], each["notes"]))})  # type: ignore[arg-type]


def _objects(found: Packed, name: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], found[name])
