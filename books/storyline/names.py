"""Under which names other tools write what a storyline holds; each key of an object has one meaning or none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

_NOT_IN_NAMES = re.compile(r"[\s\-.]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LONGEST = 60

TEXT, NUMBER, LIST, ID, ANY = "text", "number", "list", "id", "any"


@dataclass(frozen=True)
class Kind:
    """A kind of object: how many of it are named, its keys with their types, and other names, the best first."""

    plural: str
    keys: Mapping[str, str]
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _cache: dict[str, str | None] = field(default_factory=dict, compare=False)

    def meaning(self, key: str) -> str | None:
        """Return the storyline's own name for a key; None where it has none."""
        if key in self.keys:
            return key
        if key not in self._cache:
            if len(self._cache) > 1_000:
                self._cache.clear()
            self._cache[key] = self._meaning(spelled(key))
        return self._cache[key]

    def names_in(self, value: Mapping[str, object]) -> dict[str, str]:
        """Return for each of the kind's keys that stands under another name in `value` that name."""
        unknown = [key for key in value if key not in self.keys]
        if not unknown:
            return {}
        found: dict[str, list[str]] = {}
        for key in unknown:
            name = self.meaning(key)
            if name is not None and name not in value and self._fits(name, key, value[key]):
                found.setdefault(name, []).append(key)
        return {name: min(keys, key=lambda key: self._rank(name, key)) for name, keys in found.items()}

    def nearest(self, key: str) -> str | None:
        """Return the key that somebody may have meant."""
        close = get_close_matches(spelled(key)[:_LONGEST], self.keys, 1, 0.75)
        return close[0] if close else None

    def _meaning(self, name: str) -> str | None:
        if name in self.keys:
            return name
        return next((key for key, others in self.others.items() if name in others), None)

    def _fits(self, name: str, key: str, value: object) -> bool:
        """Another name counts only with a value of the right type; the own name in other letters always does."""
        return spelled(key) == name or _is(self.keys[name], value)

    def _rank(self, name: str, key: str) -> int:
        others = self.others.get(name, ())
        return others.index(spelled(key)) if spelled(key) in others else -1


def spelled(key: str) -> str:
    """Return a key in small letters with underscores: “Centrality Score” and “centralityScore” are one."""
    return _NOT_IN_NAMES.sub("_", _HUMP.sub("_", key[: 2 * _LONGEST].strip())).lower()


def _is(kind: str, value: object) -> bool:
    if kind == TEXT:
        return isinstance(value, str) and bool(value.strip())
    if kind == NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == LIST:
        return isinstance(value, list)
    return isinstance(value, str | int | dict) and not isinstance(value, bool) if kind == ID else True


NAMED_AS_THEY_ARE = Kind("keys", {})
CHUNK = Kind(
    "chunks",
    {
        "id": ID,
        "text": TEXT,
        "speaker": TEXT,
        "speakers": LIST,
        "source": TEXT,
        "sequence": NUMBER,
        "start_seconds": NUMBER,
        "end_seconds": NUMBER,
    },
    {
        "id": ("chunk_id", "key", "uuid", "_id"),
        "text": ("content", "transcript", "body", "utterance"),
        "speaker": ("speaker_name", "voice", "narrator"),
        "source": ("source_file", "recording", "file"),
        "sequence": ("order", "index", "position"),
        "start_seconds": ("start", "start_time", "begin"),
        "end_seconds": ("end", "end_time"),
    },
)
NODE = Kind(
    "nodes",
    {
        "id": ID,
        "title": TEXT,
        "summary": TEXT,
        "text": TEXT,
        "summary_origin": TEXT,
        "centrality_score": NUMBER,
        "confidence": NUMBER,
        "themes": LIST,
        "participants": LIST,
        "chunk_ids": LIST,
        "chunks": LIST,
        "temporal_info": ANY,
        "main_storyline": ANY,
        "depends_on": LIST,
        "related": LIST,
    },
    {
        "id": ("node_id", "key", "uuid", "_id"),
        "title": ("label", "name", "heading"),
        "summary": ("description", "abstract"),
        "text": ("content", "transcript", "body"),
        "centrality_score": (
            "centrality",
            "score",
            "importance",
            "pagerank",
            "page_rank",
            "eigenvector_centrality",
            "eigencentrality",
            "betweenness_centrality",
            "betweennesscentrality",
            "betweenness",
            "closeness_centrality",
            "degree_centrality",
            "weight",
        ),
        "themes": ("topics", "tags", "keywords"),
        "participants": ("speakers", "people", "persons", "characters"),
        "chunk_ids": ("passages", "passage_ids", "segment_ids", "text_unit_ids"),
        "depends_on": ("dependencies", "prerequisites", "requires"),
        "related": ("related_nodes", "neighbors", "neighbours"),
    },
)
LINK = Kind(
    "links",
    {
        "source_id": ID,
        "target_id": ID,
        "relationship_type": TEXT,
        "weight": NUMBER,
        "confidence": NUMBER,
        "evidence": ANY,
    },
    {
        "source_id": ("source", "from", "from_id", "start", "start_id", "start_node", "src"),
        "target_id": ("target", "to", "to_id", "end", "end_id", "end_node", "dst"),
        "relationship_type": (
            "relation",
            "relationship",
            "predicate",
            "interaction",
            "type",
            "kind",
            "label",
            "name",
        ),
        "weight": ("value", "strength"),
        "evidence": ("reason", "explanation", "description", "justification"),
    },
)
RELATED = Kind(
    "related nodes",
    {"id": ID, "type": TEXT, "weight": NUMBER, "confidence": NUMBER, "evidence": ANY},
    {
        "id": ("node_id", "target", "target_id", "to"),
        "type": ("relationship_type", "relation", "relationship", "kind"),
        "weight": ("value", "strength"),
        "evidence": ("reason", "explanation", "description", "justification"),
    },
)
BOOK = Kind(
    "book",
    {
        "title": TEXT,
        "subtitle": TEXT,
        "author": TEXT,
        "language": TEXT,
        "description": TEXT,
        "preferences": ANY,
    },
    {"title": ("name", "label"), "author": ("authors",), "language": ("lang", "locale")},
)
DOCUMENT = Kind(
    "the file",
    {"format": TEXT, "book": ANY, "chunks": LIST, "nodes": LIST, "links": LIST},
    {
        "chunks": ("text_chunks", "passages"),
        "nodes": ("vertices", "storylines", "storyline_nodes", "clusters", "chapters"),
        "links": ("edges", "rels", "relationships", "relations"),
    },
)
