"""Reading the nodes of an upload and the links between them."""

import json

from .chunks import read_nested_chunk
from .document import KNOWN_TYPES, RELATED, LinkSpec, NodeSpec, title_from
from .fields import Fields, as_object, read_id
from .limits import RELATIONSHIP_TYPE_CHARACTERS
from .records import Records, Reference
from .wording import Path

_TITLE_CHARACTERS = 500
_ORIGIN_CHARACTERS = 200


def read_node(item: object, path: Path, records: Records) -> None:
    """Keep a node, its chunks and its links."""
    value = as_object(item, path, records.findings)
    if value is None:
        return
    fields = records.fields(value, path)
    identifier = fields.identifier("id", "this node")
    _read_related(fields, identifier or "", records)
    node = _node(fields, identifier or "", records)
    if identifier is None:
        return
    if identifier in records.node_paths:
        records.note_twice(identifier, (*path, "id"), records.node_paths[identifier])
        return
    records.node_paths[identifier] = (*path, "id")
    records.nodes.append(node)


def read_link(item: object, path: Path, records: Records) -> None:
    """Keep a link of the document's list."""
    value = as_object(item, path, records.findings)
    if value is None:
        return
    fields = records.fields(value, path)
    source = fields.identifier("source_id", "the node where this link begins")
    target = fields.identifier("target_id", "the node where this link ends")
    records.link_ends += [
        Reference((*path, key), "", named)
        for key, named in (("source_id", source), ("target_id", target))
        if named is not None
    ]
    if source is not None and target is not None:
        kind = fields.line("relationship_type", RELATIONSHIP_TYPE_CHARACTERS)
        _keep_link(fields, source, target, kind, records)


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
        extra=fields.rest(),
    )


def _chunk_ids(fields: Fields, identifier: str, records: Records) -> tuple[str, ...]:
    named = _references(fields, "chunk_ids", identifier, "this chunk")
    records.chunk_references += named
    nested = [
        read_nested_chunk(item, (*fields.path, "chunks", index), records)
        for index, item in enumerate(fields.items("chunks"))
    ]
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
    for index, item in enumerate(fields.items(key)):
        path = (*fields.path, key, index)
        named = read_id(item, path, owner, fields.findings)
        if named is not None:
            found.append(Reference(path, identifier, named))
    return found


def _read_related(fields: Fields, identifier: str, records: Records) -> None:
    for index, item in enumerate(fields.items("related")):
        path = (*fields.path, "related", index)
        # A bare id is as clear as an object with an id alone.
        bare = isinstance(item, str | int)
        value = {"id": item} if bare else as_object(item, path, fields.findings)
        if value is not None:
            _read_related_entry(records.fields(value, path), identifier, records, bare=bare)


def _read_related_entry(entry: Fields, identifier: str, records: Records, *, bare: bool) -> None:
    target = entry.identifier("id", "the related node")
    if target is None:
        return
    records.link_ends.append(Reference(entry.path if bare else (*entry.path, "id"), identifier, target))
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
        extra=fields.rest(),
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
