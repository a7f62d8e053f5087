"""Digests that tell equal storylines and chunks from others, whatever order their keys were written in."""

import hashlib
import json
from dataclasses import fields

from .document import ChunkSpec, StorylineDocument


def chunk_digest(chunk: ChunkSpec) -> str:
    """Return the SHA-256 of everything about a chunk but its id."""
    return _digest({each.name: getattr(chunk, each.name) for each in fields(chunk) if each.name != "id"})


def storyline_digest(document: StorylineDocument) -> str:
    """Return the SHA-256 of a storyline's nodes, chunks and links; what it says of the book is left out."""
    return _digest(
        {
            "nodes": [vars(node) for node in document.nodes],
            "chunks": [(chunk.id, chunk_digest(chunk)) for chunk in document.chunks],
            "links": [vars(link) for link in document.links],
        }
    )


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
