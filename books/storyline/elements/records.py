"""What was read of an upload so far, with the place of everything that another thing may name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from books.storyline.faults import Findings
from books.storyline.limits import Limits
from books.storyline.names import Kind
from books.storyline.values.document import ChunkSpec, LinkSpec, NodeSpec
from books.storyline.wording import Path, quoted

from .fields import Fields
from .unread import Renamed, Unread


class Reference(NamedTuple):
    """The mention of an id: where it stands, the node in which it stands ("" outside of one), the id."""

    path: Path
    node_id: str
    named_id: str


@dataclass
class Records:
    """Nodes, chunks and links in the upload's order; `…_paths` are the places of the ids."""

    findings: Findings
    limits: Limits
    nodes: list[NodeSpec] = field(default_factory=list)
    node_paths: dict[str, Path] = field(default_factory=dict)
    chunks: dict[str, ChunkSpec] = field(default_factory=dict)
    chunk_paths: dict[str, Path] = field(default_factory=dict)
    links: list[tuple[Path, LinkSpec]] = field(default_factory=list)
    chunk_references: list[Reference] = field(default_factory=list)
    dependencies: list[Reference] = field(default_factory=list)
    link_ends: list[Reference] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)
    renamed: Renamed = field(default_factory=Renamed)

    def fields(
        self, value: Mapping[str, object], path: Path, kind: Kind, inner: Mapping[str, str] | None = None
    ) -> Fields:
        """Return a reader of one object."""
        return Fields(value, path, self.findings, self.limits, kind, inner)

    def rest(self, fields: Fields) -> dict[str, object]:
        """Return the keys of an object that were not read; remember these, and those read as others."""
        rest = fields.rest()
        for key, value in rest.items():
            self.unread.add(fields.kind, key, value)
        for key, name in fields.renamed():
            self.renamed.add(fields.kind, key, name)
        return rest

    def note_twice(self, identifier: str, path: Path, first: Path, how: str = "") -> None:
        """Note that the id at `path` was used before, at `first`."""
        self.findings.add(path, "used_twice", f"The id {quoted(identifier)} is used twice{how}", first=first)
