"""Which chapter waits for which, and their order; on plain ids, so for uploads and rows alike."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise

from .document import DEPENDENCY_TYPES

Dependencies = Mapping[str, Collection[str]]


class CircleError(ValueError):
    """Chapters wait for one another in a circle: each of `circle` for the next, the last for the first."""

    def __init__(self, circle: list[str]) -> None:
        super().__init__("These nodes wait for one another: " + ", ".join(circle[:10]))
        self.circle = circle


@dataclass(frozen=True)
class OrderConflict:
    """A chapter that stands before one on which it depends. Numbers count from 1 in the order given."""

    node_id: str
    number: int
    depends_on: str
    depends_on_number: int


def graph_dependencies(
    node_ids: Sequence[str], links: Iterable[tuple[str, str, str]], depends_on: Mapping[str, Iterable[str]]
) -> dict[str, frozenset[str]]:
    """Return what each node depends on directly: its `depends_on`, and the sources of links that order.

    `links` are (source, target, type); TEMPORAL_SEQUENCE and CAUSAL_LINK count, others do not. Ids that are
    not among `node_ids` are left out, and so is a node's own.
    """
    found: dict[str, set[str]] = {node_id: set(depends_on.get(node_id, ())) for node_id in node_ids}
    for source, target, kind in links:
        if kind in DEPENDENCY_TYPES and target in found:
            found[target].add(source)
    return {
        node_id: frozenset(other for other in named if other in found and other != node_id)
        for node_id, named in found.items()
    }


def sequential_dependencies(order: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return dependencies by which each chapter waits for the one before it."""
    found = {node_id: frozenset((before,)) for before, node_id in pairwise(order)}
    return {order[0]: frozenset(), **found} if order else {}


def writing_order(
    node_ids: Sequence[str], scores: Mapping[str, float | None], dependencies: Dependencies | None = None
) -> list[str]:
    """Return the ids by centrality, highest first, none before one on which it depends.

    Ties keep the order of `node_ids`; a missing score counts as 0. O((n + e) log n). Raises CircleError.
    """
    rank = {node_id: (-(scores.get(node_id) or 0.0), index) for index, node_id in enumerate(node_ids)}
    if dependencies is None:
        return sorted(node_ids, key=rank.__getitem__)
    waiting, followers = _counted(node_ids, dependencies)
    ready = [(rank[node_id], node_id) for node_id in node_ids if not waiting[node_id]]
    heapify(ready)
    order = []
    while ready:
        _, node_id = heappop(ready)
        order.append(node_id)
        for follower in _freed(node_id, waiting, followers):
            heappush(ready, (rank[follower], follower))
    if len(order) < len(node_ids):
        raise CircleError(find_cycle(dependencies) or [])
    return order


def order_conflicts(order: Sequence[str], dependencies: Dependencies) -> list[OrderConflict]:
    """Return each chapter that stands before one on which it depends, by number."""
    number = {node_id: index for index, node_id in enumerate(order, start=1)}
    conflicts = [
        OrderConflict(node_id, number[node_id], other, number[other])
        for node_id in order
        for other in dependencies.get(node_id, ())
        if number.get(other, 0) > number[node_id]
    ]
    return sorted(conflicts, key=lambda conflict: (conflict.number, conflict.depends_on_number))


def find_cycle(dependencies: Dependencies) -> list[str] | None:
    """Return ids that wait in a circle, each for the next and the last for the first; None without one."""
    return next(_circles(dependencies), None)


def circles(dependencies: Dependencies) -> list[list[str]]:
    """Return a shortest circle through one node of each group of nodes that wait for one another."""
    return list(_circles(dependencies))


def _counted(
    node_ids: Sequence[str], dependencies: Dependencies
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Return how many nodes each one waits for, and who waits for each one."""
    waiting = dict.fromkeys(node_ids, 0)
    followers: dict[str, list[str]] = {node_id: [] for node_id in node_ids}
    for node_id in node_ids:
        for other in set(dependencies.get(node_id, ())):
            if other in followers:
                followers[other].append(node_id)
                waiting[node_id] += 1
    return waiting, followers


def _freed(node_id: str, waiting: dict[str, int], followers: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for follower in followers[node_id]:
        waiting[follower] -= 1
        if not waiting[follower]:
            yield follower


def _circles(dependencies: Dependencies) -> Iterator[list[str]]:
    stuck = _stuck(dependencies)
    if not stuck:
        return
    # Importing networkx takes most of a second, which only a storyline with a circle should wait for.
    from networkx import DiGraph, strongly_connected_components

    graph: DiGraph[str] = DiGraph([(node_id, other) for node_id, others in stuck.items() for other in others])
    place = {node_id: index for index, node_id in enumerate(stuck)}
    groups = [sorted(group, key=place.__getitem__) for group in strongly_connected_components(graph)]
    for group in sorted(groups, key=lambda group: place[group[0]]):
        if len(group) > 1 or group[0] in stuck[group[0]]:
            yield _shortest_circle(group[0], frozenset(group), stuck)


def _stuck(dependencies: Dependencies) -> dict[str, list[str]]:
    """Return the nodes that can never be ready, each with those of them that it waits for."""
    waiting, followers = _counted(list(dependencies), dependencies)
    free = [node_id for node_id, count in waiting.items() if not count]
    while free:
        free.extend(_freed(free.pop(), waiting, followers))
    left = {node_id: index for index, (node_id, count) in enumerate(waiting.items()) if count}
    return {
        node_id: sorted(left.keys() & set(dependencies[node_id]), key=left.__getitem__) for node_id in left
    }


def _shortest_circle(start: str, group: Collection[str], edges: Mapping[str, Sequence[str]]) -> list[str]:
    came_from: dict[str, str] = {}
    reached = deque([start])
    while start not in came_from:
        node_id = reached.popleft()
        for other in edges[node_id]:
            if other in group and other not in came_from:
                came_from[other] = node_id
                reached.append(other)
    circle = [came_from[start]]
    while circle[-1] != start:
        circle.append(came_from[circle[-1]])
    return circle[::-1]
