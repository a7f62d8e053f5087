"""How the API's documentation describes the bodies that are read as whole documents."""

from collections.abc import Mapping

from books.export.jsonfile import FORMAT_NAME
from books.preferences.schema import preferences_schema
from books.storyline import names
from books.storyline.names import ANY, ID, LIST, NUMBER, TEXT, Kind
from books.storyline.values.document import FORMAT, KNOWN_TYPES

Described = Mapping[str, object]

_TEXT = {"type": "string"}
_ID = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_BY_TYPE: Mapping[str, Described] = {TEXT: _TEXT, NUMBER: _NUMBER, LIST: _TEXTS, ID: _ID, ANY: {}}


def _object(kind: Kind, required: tuple[str, ...], about: str, **closer: Described) -> Described:
    """Describe a kind of object by the keys that an upload is read by; `closer` says more of some of them."""
    return {
        "type": "object",
        "description": f"{about} Keys that are not known are kept.",
        "required": list(required),
        "properties": {key: closer.get(key, _BY_TYPE[type]) for key, type in kind.keys.items()},
    }


def _list(item: Described, description: str = "") -> Described:
    return {"type": "array", "items": item, "description": description}


_CHUNK = _object(
    names.CHUNK,
    ("id", "text"),
    "A piece of transcript.",
    text={"type": "string", "minLength": 1},
    sequence=_WHOLE,
)
_RELATED = _object(names.RELATED, ("id",), "Another node.")
_NODE = _object(
    names.NODE,
    ("id",),
    "A cluster of chunks, from which one chapter is written.",
    text={**_TEXT, "description": "Where it has no chunks: its words, which become one."},
    chunk_ids={**_TEXTS, "description": "Chunks of the document or of the book’s earlier uploads."},
    chunks=_list(_CHUNK, "Chunks that stand inside the node."),
    depends_on={**_TEXTS, "description": "Nodes that are written before this one in graph mode."},
    related=_list(_RELATED),
)
_LINK = _object(
    names.LINK,
    ("source_id", "target_id"),
    "A typed link from one node to another.",
    relationship_type={**_TEXT, "examples": sorted(KNOWN_TYPES)},
)
_BOOK = _object(names.BOOK, (), "What the storyline says of its book.", preferences=preferences_schema())

_CHUNK_EXAMPLE = {
    "id": "c-1",
    "text": "The river closed in winter.",
    "speaker": "Ottilie",
    "source": "Tape 3",
}
_NODE_EXAMPLE = {"id": "n-1", "title": "The ferry house", "centrality_score": 0.9, "chunk_ids": ["c-1"]}

STORYLINE: Described = {
    "schema": _object(
        names.DOCUMENT,
        ("nodes",),
        "A storyline.",
        format={"type": "string", "const": FORMAT},
        book=_BOOK,
        chunks=_list(_CHUNK),
        nodes=_list(_NODE),
        links=_list(_LINK),
    ),
    "example": {
        "format": FORMAT,
        "book": {"title": "The Ferry House", "language": "en"},
        "chunks": [_CHUNK_EXAMPLE],
        "nodes": [_NODE_EXAMPLE],
        "links": [],
    },
}
NODES: Described = {
    "schema": _list(_NODE, "Storyline nodes."),
    "example": [{"id": "n-1", "title": "The ferry house", "chunks": [_CHUNK_EXAMPLE]}],
}
CHUNKS: Described = {"schema": _list(_CHUNK, "Text chunks."), "example": [_CHUNK_EXAMPLE]}

_CITATION = {
    "type": "object",
    "required": ["paragraph", "quote", "chunk_id"],
    "properties": {"paragraph": _WHOLE, "quote": _TEXT, "chunk_id": _TEXT},
}
_SOURCE = {
    "type": "object",
    "required": ["chunk_id", "text", "speaker", "source", "start_seconds", "end_seconds"],
    "properties": {
        **dict.fromkeys(("chunk_id", "text", "speaker", "source"), _TEXT),
        **{key: {"type": ["number", "null"]} for key in ("start_seconds", "end_seconds")},
    },
}
_WRITTEN = {
    "allOf": [
        {"$ref": "#/components/schemas/Chapter"},
        {
            "type": "object",
            "required": ["citations", "sources"],
            "properties": {"citations": _list(_CITATION), "sources": _list(_SOURCE)},
        },
    ]
}
# The JSON export: the written chapters as the API gives them, each with its citations and their sources.
BOOK_FILE: dict[str, object] = {
    "type": "object",
    "required": ["format", "book", "version", "note", "chapters"],
    "properties": {
        "format": {"type": "string", "const": FORMAT_NAME},
        "book": {"type": "object"},
        "version": {"type": "object"},
        "note": _TEXT,
        "chapters": _list(_WRITTEN),
    },
}


def taking(document: Described) -> dict[str, object]:
    """Return what documents this body of an operation, for its `openapi_extra`."""
    return {"requestBody": {"required": True, "content": {"application/json": document}}}
