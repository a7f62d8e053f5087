"""The order of chapters: by centrality, never before what a chapter depends on, and the same every time."""

import time
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from books.storyline.values.order import (
    CircleError,
    OrderConflict,
    circles,
    find_cycle,
    graph_dependencies,
    order_conflicts,
    sequential_dependencies,
    writing_order,
)

IDS = [f"n{number}" for number in range(8)]
SCORES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(IDS, st.none() | st.sampled_from([0.0, 0.25, 0.5, 3.0]))
)
EDGES = st.sets(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=20)


def transitive(node_id: str, dependencies: Mapping[str, Iterable[str]]) -> set[str]:
    """Return everything on which a node depends, however far up."""
    found: set[str] = set()
    unseen = list(dependencies.get(node_id, ()))
    while unseen:
        other = unseen.pop()
        if other not in found:
            found.add(other)
            unseen.extend(dependencies.get(other, ()))
    return found


def waiting(edges: set[tuple[str, str]]) -> dict[str, list[str]]:
    return {node_id: sorted(other for waits, other in edges if waits == node_id) for node_id in IDS}


def forward(edges: set[tuple[str, str]]) -> dict[str, list[str]]:
    """Dependencies without circles: a node waits only for those with a smaller id."""
    return waiting({(max(edge), min(edge)) for edge in edges if edge[0] != edge[1]})


def test_highest_score_first_and_ties_as_uploaded() -> None:
    order = writing_order(["a", "b", "c", "d", "e"], {"a": None, "b": 0.5, "c": 0.9, "d": 0.5, "e": 0.0})

    assert order == ["c", "b", "d", "a", "e"]


def test_no_chapter_stands_before_one_that_it_depends_on() -> None:
    order = writing_order(["a", "b", "c"], {"a": 0.9, "b": 0.1, "c": 0.5}, {"a": ["b"]})

    assert order == ["c", "b", "a"]


def test_dependencies_on_unknown_nodes_do_not_block() -> None:
    assert writing_order(["a", "b"], {}, {"a": ["gone", "gone"], "gone": ["a"]}) == ["a", "b"]


def test_circle_has_no_order() -> None:
    with pytest.raises(CircleError) as caught:
        writing_order(["a", "b", "c"], {}, {"a": ["c"], "c": ["b"], "b": ["a"]})

    assert caught.value.circle == ["a", "c", "b"]


def test_no_nodes_have_an_empty_order() -> None:
    assert (writing_order([], {}, {}), sequential_dependencies([])) == ([], {})


@given(SCORES, EDGES)
def test_order_holds_every_node_once_and_keeps_all_dependencies(
    scores: dict[str, float | None], edges: set[tuple[str, str]]
) -> None:
    dependencies = forward(edges)

    order = writing_order(IDS, scores, dependencies)

    assert sorted(order) == IDS
    assert order_conflicts(order, dependencies) == []


@given(SCORES, EDGES)
def test_each_next_chapter_is_the_best_of_those_that_are_ready(
    scores: dict[str, float | None], edges: set[tuple[str, str]]
) -> None:
    dependencies = forward(edges)

    order = writing_order(IDS, scores, dependencies)

    for place, chosen in enumerate(order):
        done = set(order[:place])
        ready = [other for other in order[place:] if done >= set(dependencies[other])]
        assert chosen == min(ready, key=lambda other: (-(scores.get(other) or 0), IDS.index(other)))


@given(SCORES)
def test_order_without_dependencies_is_the_order_with_none(scores: dict[str, float | None]) -> None:
    assert writing_order(IDS, scores) == writing_order(IDS, scores, {})


def test_graph_dependencies_come_from_ordering_links_and_depends_on() -> None:
    links = [
        ("a", "b", "TEMPORAL_SEQUENCE"),
        ("b", "c", "CAUSAL_LINK"),
        ("a", "d", "THEMATIC_SIMILARITY"),
        ("a", "d", "related"),
        ("gone", "d", "CAUSAL_LINK"),
        ("a", "gone", "CAUSAL_LINK"),
        ("d", "d", "CAUSAL_LINK"),
    ]

    found = graph_dependencies(["a", "b", "c", "d"], links, {"c": ["a", "gone"], "gone": ["a"]})

    assert found == {"a": frozenset(), "b": {"a"}, "c": {"a", "b"}, "d": frozenset()}


def test_sequential_dependencies_are_on_the_chapter_before() -> None:
    assert sequential_dependencies(["b", "a", "c"]) == {"b": frozenset(), "a": {"b"}, "c": {"a"}}


def test_conflicts_name_both_chapters_and_their_numbers() -> None:
    conflicts = order_conflicts(["c", "a", "b"], {"a": ["b"], "c": ["b", "a", "gone"]})

    assert conflicts == [
        OrderConflict("c", 1, "a", 2),
        OrderConflict("c", 1, "b", 3),
        OrderConflict("a", 2, "b", 3),
    ]


@given(EDGES)
def test_circle_is_found_exactly_where_there_is_one(edges: set[tuple[str, str]]) -> None:
    dependencies = waiting(edges)

    circle = find_cycle(dependencies)

    waits_for_itself = [node_id for node_id in IDS if node_id in transitive(node_id, dependencies)]
    assert (circle is not None) == bool(waits_for_itself)
    if circle:
        assert len(set(circle)) == len(circle)
        assert all(
            after in dependencies[before]
            for before, after in zip(circle, circle[1:] + circle[:1], strict=True)
        )


def test_separate_circles_are_all_found() -> None:
    found = circles({"a": ["b"], "b": ["a"], "c": ["c"], "d": ["a", "e"], "e": ["f"], "f": ["e"], "g": []})

    assert found == [["a", "b"], ["c"], ["e", "f"]]


def test_long_chains_need_no_recursion() -> None:
    ids = [str(number) for number in range(20_000)]
    chain = sequential_dependencies(ids)
    began = time.process_time()

    assert writing_order(ids, {}, chain) == ids
    assert len(find_cycle({**chain, ids[0]: frozenset(ids[-1:])}) or []) == len(ids)

    # A bound against quadratic time, not a measurement.
    assert time.process_time() - began < 10
