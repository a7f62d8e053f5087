"""How the API's documentation describes the bodies that are read as whole documents."""

from collections.abc import Mapping

from books.export.jsonfile import FORMAT_NAME
from books.preferences.schema import preferences_schema

Described = Mapping[str, object]

_TEXT = {"type": "string"}
_ID = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}


def _object(required: tuple[str, ...], about: str, /, **keys: Described) -> Described:
    return {
        "type": "object",
        "description": f"{about} Keys that are not known are kept.",
        "required": list(required),
        "properties": keys,
    }


def _list(item: Described, description: str = "") -> Described:
    return {"type": "array", "items": item, "description": description}


_CHUNK = _object(
    ("id", "text"),
    "A piece of transcript.",
    id=_ID,
    text={"type": "string", "minLength": 1},
    speaker=_TEXT,
    speakers=_TEXTS,
    source=_TEXT,
    sequence=_WHOLE,
    start_seconds=_NUMBER,
    end_seconds=_NUMBER,
)
_RELATED = _object(("id",), "Another node.", id=_ID, weight=_NUMBER, type=_TEXT)
_NODE = _object(
    ("id",),
    "A cluster of chunks, from which one chapter is written.",
    id=_ID,
    title=_TEXT,
    summary=_TEXT,
    summary_origin=_TEXT,
    centrality_score=_NUMBER,
    confidence=_NUMBER,
    themes=_TEXTS,
    participants=_TEXTS,
    chunk_ids={**_TEXTS, "description": "Chunks of the document or of the book’s earlier uploads."},
    chunks=_list(_CHUNK, "Chunks that stand inside the node."),
    temporal_info={},
    main_storyline={},
    depends_on={**_TEXTS, "description": "Nodes that are written before this one in graph mode."},
    related=_list(_RELATED),
)
_LINK = _object(
    ("source_id", "target_id"),
    "A typed link from one node to another.",
    source_id=_ID,
    target_id=_ID,
    relationship_type={**_TEXT, "examples": ["TEMPORAL_SEQUENCE", "CAUSAL_LINK", "THEMATIC_SIMILARITY"]},
    weight=_NUMBER,
    confidence=_NUMBER,
    evidence=_TEXT,
)
_BOOK = _object(
    (),
    "What the storyline says of its book.",
    title=_TEXT,
    subtitle=_TEXT,
    author=_TEXT,
    language=_TEXT,
    description=_TEXT,
    preferences=preferences_schema(),
)

_CHUNK_EXAMPLE = {
    "id": "c-1",
    "text": "The river closed in winter.",
    "speaker": "Ottilie",
    "source": "Tape 3",
}
_NODE_EXAMPLE = {"id": "n-1", "title": "The ferry house", "centrality_score": 0.9, "chunk_ids": ["c-1"]}

STORYLINE: Described = {
    "schema": _object(
        ("nodes",),
        "A storyline.",
        format={"type": "string", "const": "chapterflow-storyline/1"},
        book=_BOOK,
        chunks=_list(_CHUNK),
        nodes=_list(_NODE),
        links=_list(_LINK),
    ),
    "example": {
        "format": "chapterflow-storyline/1",
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
