"""Where the nodes, links and chunks stand in what different tools write; what they say is read elsewhere.

Known are our own document, a plain list of nodes, and what networkx, D3, Cytoscape, Neo4j (APOC) and JSON Graph
Format write.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .names import DOCUMENT, LINK, spelled
from .wording import Path

Object = Mapping[str, object]

_WRAPPERS = ("data", "properties", "attributes", "metadata")
_LINK_WORDS = frozenset({"relationship", "edge", "link"})
_TOLD = ("title", "label", "name", "summary", "text", "content", "chunk_ids", "chunks")


@dataclass(frozen=True)
class Placed:
    """A value and where it stands; `inner` names, for keys that stand in an object inside it, that object."""

    value: object
    path: Path
    inner: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Shape:
    """The parts of an upload. `read_keys` are the outermost keys that they were found under."""

    outer: Object = field(default_factory=dict)
    chunks: list[Placed] = field(default_factory=list)
    nodes: list[Placed] = field(default_factory=list)
    links: list[Placed] = field(default_factory=list)
    read_keys: set[str] = field(default_factory=set)
    are_numbered: bool = False


def shape_of(root: object) -> Shape:
    """Return the parts of a parsed upload."""
    shape = Shape()
    if isinstance(root, list):
        _sort(root, (), shape)
    elif isinstance(root, dict):
        shape.outer = root
        _read_document(root, shape)
    _number(shape)
    return shape


def looks_like_link(value: object) -> bool:
    """Tell whether an object in a list of nodes is a link: it leads from one to another, and tells nothing."""
    if not isinstance(value, dict):
        return False
    given = _unwrapped(value)[0]
    names = {spelled(key) for key in given}
    if spelled(str(value.get("type"))) in _LINK_WORDS:
        return True
    if {"source", "target"} <= names or {"source_id", "target_id"} <= names:
        return not names & {"summary", "chunk_ids", "chunks", "text"}
    return any(set(pair) <= names for pair in (("from", "to"), ("start", "end"))) and not names & {
        *_TOLD,
        "id",
    }


def _read_document(root: Object, shape: Shape) -> None:
    place: Path = ()
    inside: object = root
    for key in ("elements", "graph", "graphs"):
        found = root.get(key)
        if key == "graphs" and isinstance(found, list) and len(found) == 1:
            place, inside = ("graphs", 0), found[0]
        elif found and isinstance(found, dict) and "nodes" in found and "nodes" not in root:
            place, inside = (key,), found
        elif key == "elements" and isinstance(found, list) and "nodes" not in root:
            shape.read_keys.add(key)
            _sort(found, (key,), shape)
        else:
            continue
        shape.read_keys.add(key)
    for name, kept in (("chunks", shape.chunks), ("nodes", shape.nodes), ("links", shape.links)):
        for key, listed in inside.items() if isinstance(inside, dict) else ():
            if DOCUMENT.meaning(key) == name and _is_listed(listed):
                kept.extend(_listed(listed, (*place, key)))
                shape.read_keys.add(key if not place else str(place[0]))
    _read_adjacency(inside, shape)


def _is_listed(value: object) -> bool:
    """Whether it is a list, or an object with an object under each id."""
    if isinstance(value, dict):
        return bool(value) and all(isinstance(item, dict) for item in value.values())
    return isinstance(value, list)


def _listed(listed: object, path: Path) -> Iterator[Placed]:
    """Yield the members of a list; of an object, its values, each with its key as its id."""
    if isinstance(listed, list):
        for index, item in enumerate(listed):
            yield _placed(item, (*path, index))
    elif isinstance(listed, dict):
        for key, item in listed.items():
            yield _placed({"id": key, **item} if isinstance(item, dict) else item, (*path, key))


def _sort(items: Sequence[object], path: Path, shape: Shape) -> None:
    """Part a list in which links may stand between the nodes."""
    for index, item in enumerate(items):
        if looks_like_link(item):
            shape.links.append(_placed(item, (*(path or ("links",)), index)))
        else:
            shape.nodes.append(_placed(item, (*(path or ("nodes",)), index)))


def _placed(item: object, path: Path) -> Placed:
    if not isinstance(item, dict):
        return Placed(item, path)
    value, inner = _unwrapped(item)
    return Placed(value, path, inner)


def _unwrapped(item: dict[str, object]) -> tuple[dict[str, object], dict[str, str]]:
    """Return an object with what other tools put into an object inside it, and which keys came from there."""
    for wrapper in _WRAPPERS:
        inside = item.get(wrapper)
        if isinstance(inside, dict) and _wraps(wrapper, item):
            outside = {key: value for key, value in item.items() if key != wrapper}
            inner = {key: wrapper for key in inside if key not in outside}
            return {**inside, **outside}, inner
    return item, {}


def _wraps(wrapper: str, item: Object) -> bool:
    """Cytoscape's `data` holds the id; Neo4j names the type beside `properties`; others have little else."""
    if wrapper == "data":
        return "id" not in item and "text" not in item
    return wrapper != "properties" or "type" in item or "labels" in item or "title" not in item


def _read_adjacency(inside: object, shape: Shape) -> None:
    """Read networkx's list of neighbours, which stands beside the nodes and in their order."""
    adjacency = inside.get("adjacency") if isinstance(inside, dict) else None
    if not isinstance(adjacency, list) or shape.links:
        return
    shape.read_keys.add("adjacency")
    for number, (node, row) in enumerate(zip(shape.nodes, adjacency, strict=False)):
        source = node.value.get("id") if isinstance(node.value, dict) else None
        for index, item in enumerate(row if isinstance(row, list) else ()):
            if isinstance(item, dict):
                target = {key: value for key, value in item.items() if key not in {"id", "key"}}
                value = {"source_id": source, "target_id": item.get("id"), **target}
                shape.links.append(Placed(value, ("adjacency", number, index)))


def _number(shape: Shape) -> None:
    """Give the ends of links that are places in the list of nodes, as in D3, the ids of these nodes."""
    ends = [end for link in shape.links for end in _ends(link.value)]
    if not ends or any(isinstance(end, bool) or not isinstance(end, int) for end in ends):
        return
    ids = [node.value.get("id") if isinstance(node.value, dict) else None for node in shape.nodes]
    known = {str(each) for each in ids if each is not None}
    if any(str(end) in known or not 0 <= end < len(ids) for end in ends if isinstance(end, int)):
        return
    shape.are_numbered = True
    if not known:
        ids = [str(index) for index in range(len(ids))]
        shape.nodes = [
            Placed({"id": name, **node.value}, node.path, node.inner)
            if isinstance(node.value, dict)
            else node
            for name, node in zip(ids, shape.nodes, strict=True)
        ]
    shape.links = [_with_ids(link, ids) for link in shape.links]


def _ends(value: object) -> list[object]:
    if not isinstance(value, dict):
        return []
    names = LINK.names_in(value)
    return [value.get(names.get(key, key)) for key in ("source_id", "target_id")]


def _with_ids(link: Placed, ids: Sequence[object]) -> Placed:
    if not isinstance(link.value, dict):
        return link
    names = LINK.names_in(link.value)
    keys = [names.get(key, key) for key in ("source_id", "target_id")]
    return Placed(link.value | {key: ids[int(str(link.value[key]))] for key in keys}, link.path, link.inner)
