"""Reading the nodes of an upload and the links between them."""

import json
from collections.abc import Mapping

from books.storyline.limits import RELATIONSHIP_TYPE_CHARACTERS
from books.storyline.names import LINK, NODE, spelled
from books.storyline.names import RELATED as RELATED_NODE
from books.storyline.shapes import Placed, looks_like_link
from books.storyline.values.document import KNOWN_TYPES, RELATED, LinkSpec, NodeSpec, title_from

from .chunks import read_nested_chunk, read_own_chunk
from .fields import Fields, as_object, read_id
from .records import Records, Reference
from .unread import NO_TYPES

_TITLE_CHARACTERS = 500
_ORIGIN_CHARACTERS = 200
_LINK_AMONG_NODES = "This leads from one node to another, so it is a link. Put links into a list “links”."


def read_node(placed: Placed, records: Records) -> None:
    """Keep a node, its chunks and its links."""
    path = placed.path
    value = as_object(placed.value, path, records.findings)
    if value is None:
        return
    if looks_like_link(value):
        records.findings.add(path, "link_among_nodes", _LINK_AMONG_NODES)
        return
    fields = records.fields(value, path, NODE, placed.inner)
    identifier = fields.identifier("id", "this node")
    _read_related(fields, identifier or "", records)
    node = _node(fields, identifier or "", records)
    if identifier is None:
        return
    if identifier in records.node_paths:
        records.note_twice(identifier, fields.place("id"), records.node_paths[identifier])
        return
    records.node_paths[identifier] = fields.place("id")
    records.nodes.append(node)


def read_link(placed: Placed, records: Records) -> None:
    """Keep a link of the document's list."""
    value = as_object(placed.value, placed.path, records.findings)
    if value is None:
        return
    fields = records.fields(value, placed.path, LINK, placed.inner)
    source = fields.identifier("source_id", "the node where this link begins")
    target = fields.identifier("target_id", "the node where this link ends")
    records.link_ends += [
        Reference(fields.place(key), "", named)
        for key, named in (("source_id", source), ("target_id", target))
        if named is not None
    ]
    if source is not None and target is not None:
        _keep_link(fields, source, target, _kind_of(fields, value), records)


def _kind_of(fields: Fields, value: Mapping[str, object]) -> str:
    """Return the type of a link: of several keys that may say it, the one that says a type that is known."""
    if "relationship_type" not in value:
        for key, said in value.items():
            says = isinstance(said, str) and LINK.meaning(key) == "relationship_type"
            if says and relationship_type(str(said)) in KNOWN_TYPES:
                fields.take_as("relationship_type", key)
                break
        if spelled(str(fields.peek("relationship_type"))) in NO_TYPES:
            return ""
    return fields.line("relationship_type", RELATIONSHIP_TYPE_CHARACTERS)


def _node(fields: Fields, identifier: str, records: Records) -> NodeSpec:
    title, summary = fields.line("title", _TITLE_CHARACTERS), fields.text("summary").strip()
    return NodeSpec(
        id=identifier,
        title=title or title_from(summary, identifier),
        summary=summary,
        summary_origin=fields.line("summary_origin", _ORIGIN_CHARACTERS),
        centrality_score=fields.score("centrality_score", None),
        confidence=fields.score("confidence", 1),
        themes=fields.lines("themes"),
        participants=fields.lines("participants"),
        chunk_ids=_chunk_ids(fields, identifier, records),
        temporal_info=fields.value("temporal_info"),
        main_storyline=fields.value("main_storyline"),
        depends_on=_depends_on(fields, identifier, records),
        extra=records.rest(fields),
    )


def _chunk_ids(fields: Fields, identifier: str, records: Records) -> tuple[str, ...]:
    named = _references(fields, "chunk_ids", identifier, "this chunk")
    records.chunk_references += named
    nested = [
        read_nested_chunk(item, (*fields.place("chunks"), index), records)
        for index, item in enumerate(fields.items("chunks"))
    ]
    if not named and not nested and identifier:
        nested = [read_own_chunk(fields, identifier, records)]
    ids = [reference.named_id for reference in named] + [
        chunk_id for chunk_id in nested if chunk_id is not None
    ]
    return tuple(dict.fromkeys(ids))


def _depends_on(fields: Fields, identifier: str, records: Records) -> tuple[str, ...]:
    named = _references(fields, "depends_on", identifier, "the node that is waited for")
    records.dependencies += named
    return tuple(dict.fromkeys(reference.named_id for reference in named))


def _references(fields: Fields, key: str, identifier: str, owner: str) -> list[Reference]:
    found = []
    place = fields.place(key)
    for index, item in enumerate(fields.items(key)):
        path = (*place, index)
        named = read_id(item, path, owner, fields.findings)
        if named is not None:
            found.append(Reference(path, identifier, named))
    return found


def _read_related(fields: Fields, identifier: str, records: Records) -> None:
    for index, item in enumerate(fields.items("related")):
        path = (*fields.place("related"), index)
        # A bare id is as clear as an object with an id alone.
        bare = isinstance(item, str | int)
        value = {"id": item} if bare else as_object(item, path, fields.findings)
        if value is not None:
            _read_related_entry(records.fields(value, path, RELATED_NODE), identifier, records, bare=bare)


def _read_related_entry(entry: Fields, identifier: str, records: Records, *, bare: bool) -> None:
    target = entry.identifier("id", "the related node")
    if target is None:
        return
    records.link_ends.append(Reference(entry.path if bare else entry.place("id"), identifier, target))
    if identifier:
        kind = entry.line("type", RELATIONSHIP_TYPE_CHARACTERS)
        _keep_link(entry, identifier, target, kind, records)


def _keep_link(fields: Fields, source: str, target: str, kind: str, records: Records) -> None:
    link = LinkSpec(
        source_id=source,
        target_id=target,
        relationship_type=relationship_type(kind),
        weight=fields.number("weight"),
        confidence=fields.score("confidence", 1),
        evidence=_evidence(fields),
        extra=records.rest(fields),
    )
    records.links.append((fields.path, link))


def relationship_type(text: str) -> str:
    """Return the type as it is stored: known ones in capitals, others as they are, none as `related`."""
    name = text.upper().replace(" ", "_").replace("-", "_")
    return name if name in KNOWN_TYPES else text or RELATED


def _evidence(fields: Fields) -> str:
    value = fields.value("evidence")
    if value is None or isinstance(value, str):
        return fields.text("evidence")
    return json.dumps(value, ensure_ascii=False)
