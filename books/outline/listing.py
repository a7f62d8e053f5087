"""The outline of a version: its chapters in order, what each waits for, an estimate; reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.conf import settings

from books.forecasts import forecast
from books.models import BookVersion, Dependencies, StorylineLink, StorylineNode
from books.preferences.reading import asked_words
from books.preferences.rule import preferences_of
from books.sources import notices_of, withheld_of
from books.storyline.values.document import DEPENDENCY_TYPES, READ_AS
from books.storyline.values.estimate import Estimate, estimate
from books.storyline.values.order import graph_dependencies, sequential_dependencies
from books.writers import writer_of

_NAMED = 4


@dataclass(frozen=True)
class OutlineRow:
    """One chapter to be. `depends_on` are numbers of chapters; `word_count` counts words of the sources."""

    number: int
    node_pk: int
    node_id: str
    title: str
    chunk_count: int
    word_count: int
    depends_on: tuple[int, ...]
    can_move_up: bool
    can_move_down: bool

    @property
    def has_sources(self) -> bool:
        """Whether any passage belongs to it; without one, its summary is all that there is."""
        return self.chunk_count > 0

    @property
    def named(self) -> tuple[int, ...]:
        """The chapters that it waits for, as far as there is room to name them."""
        return self.depends_on if len(self.depends_on) <= _NAMED + 1 else self.depends_on[:_NAMED]

    @property
    def unnamed_count(self) -> int:
        """How many more it waits for."""
        return len(self.depends_on) - len(self.named)


def dependencies_by_key(version: BookVersion, mode: str | None = None) -> dict[str, frozenset[str]]:
    """Return on which nodes each node depends directly, by the upload's ids, in the outline's order.

    `mode` is the version's own unless given. Three queries at most; linear in nodes and links.
    """
    nodes = list(
        StorylineNode.objects.filter(version=version).order_by("place").values_list("key", "depends_on")
    )
    order = [key for key, _ in nodes]
    if (mode or version.dependencies) == Dependencies.SEQUENTIAL:
        return sequential_dependencies(order)
    links = StorylineLink.objects.filter(version=version, relationship_type__in=DEPENDENCY_TYPES)
    triples = links.values_list("source__key", "target__key", "relationship_type")
    return graph_dependencies(order, triples, dict(nodes))


def dependencies_of(version: BookVersion, mode: str | None = None) -> dict[int, frozenset[int]]:
    """Return on which nodes each node depends directly, by primary key, in the outline's order."""
    pks = dict(StorylineNode.objects.filter(version=version).values_list("key", "pk"))
    by_key = dependencies_by_key(version, mode)
    return {pks[key]: frozenset(pks[other] for other in needed) for key, needed in by_key.items()}


@dataclass(frozen=True)
class Outline:
    """A version's chapters to be, an estimate, and what of the upload was not read.

    `edge_count`: how often one waits for another.
    """

    rows: tuple[OutlineRow, ...]
    chunk_count: int
    word_count: int
    edge_count: int
    estimate: Estimate
    notices: Sequence[Mapping[str, str]] = ()

    @property
    def without_sources(self) -> tuple[OutlineRow, ...]:
        """Chapters that have only a summary to rest on."""
        return tuple(row for row in self.rows if not row.has_sources)

    @property
    def not_read(self) -> list[str]:
        """What is said of the upload's keys that were not read."""
        return [notice["message"] for notice in self.notices if notice["code"] != READ_AS]

    @property
    def read_as(self) -> list[str]:
        """What is said of the upload's keys that were read under another name."""
        return [notice["message"] for notice in self.notices if notice["code"] == READ_AS]

    @property
    def has_no_source_text(self) -> bool:
        """Whether there is nothing to quote in the whole book."""
        return not any(row.has_sources for row in self.rows)


def outline_of(version: BookVersion, writer: str | None = None) -> Outline:
    """Return the outline of a version with an estimate for `writer`, or else for the book's writer.

    Four queries, whatever the length; linear in nodes and links.
    """
    is_graph = version.dependencies == Dependencies.GRAPH
    rows = rows_of(version)
    return Outline(
        rows=rows,
        chunk_count=version.chunk_count,
        word_count=version.word_count,
        edge_count=sum(len(row.depends_on) for row in rows) if is_graph else 0,
        estimate=_estimate(version, [row.word_count for row in rows], writer, is_graph=is_graph),
        notices=notices_of(version),
    )


def rows_of(version: BookVersion) -> tuple[OutlineRow, ...]:
    """Return the chapters of a version in order, in four queries at most."""
    nodes = list(StorylineNode.objects.filter(version=version).order_by("place").only(*_COLUMNS))
    withheld = withheld_of(version)
    for node in nodes:
        node.title = withheld.mask(node.title)
    return _rows(nodes, dependencies_by_key(version), is_graph=version.dependencies == Dependencies.GRAPH)


def _estimate(
    version: BookVersion, word_counts: Sequence[int], writer: str | None, *, is_graph: bool
) -> Estimate:
    chosen = writer_of(version.book, writer)
    preferences = preferences_of(version)
    return estimate(
        word_counts,
        chunk_count=version.chunk_count,
        writer=chosen,
        at_once=_at_once() if is_graph else 1,
        words_per_chapter=asked_words(preferences),
        forecast=forecast(chosen, word_counts, preferences),
    )


def _at_once() -> int:
    """Return how many chapters that compute are written at once; how long a model takes nobody can say."""
    return min(settings.CHAPTERFLOW_WORKERS, settings.CHAPTERFLOW_PARALLEL_CHAPTERS)


_COLUMNS = ("key", "title", "chunk_count", "word_count")


def _rows(
    nodes: Sequence[StorylineNode], needs: Mapping[str, frozenset[str]], *, is_graph: bool
) -> tuple[OutlineRow, ...]:
    number = {node.key: index for index, node in enumerate(nodes, start=1)}
    # Whether each chapter may change places with the one before it; the ends have no neighbour.
    free = [not is_graph or first.key not in needs[second.key] for first, second in pairwise(nodes)]
    may_swap = [False, *free, False]
    return tuple(
        OutlineRow(
            number=place,
            node_pk=node.pk,
            node_id=node.key,
            title=node.title,
            chunk_count=node.chunk_count,
            word_count=node.word_count,
            depends_on=tuple(sorted(number[key] for key in needs[node.key])),
            can_move_up=may_swap[place - 1],
            can_move_down=may_swap[place],
        )
        for place, node in enumerate(nodes, start=1)
    )
