"""Which chapters a chapter depends on, however far up."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.sessions import item, new_session
from workflow.context.ancestors import Ancestors, find_ancestors


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, list[int]]:
    count = draw(st.integers(1, 14))
    return {
        number: sorted(draw(st.sets(st.integers(1, number - 1), max_size=3))) if number > 1 else []
        for number in range(1, count + 1)
    }


def walked(needs: dict[int, list[int]], number: int) -> set[int]:
    return set(needs[number]).union(*(walked(needs, needed) for needed in needs[number]))


@given(graphs(), st.integers(1, 6))
def test_ancestors_are_those_that_a_walk_finds(needs: dict[int, list[int]], most: int) -> None:
    found = find_ancestors(needs, most)

    for number in needs:
        everyone = sorted(walked(needs, number))
        assert found[number] == Ancestors(tuple(everyone[-most:]), len(everyone))


def test_long_chain_keeps_the_nearest_and_counts_all() -> None:
    found = find_ancestors({number: [number - 1] if number > 1 else [] for number in range(1, 3001)}, 200)

    assert found[3000].count == 2999
    assert found[3000].nearest == tuple(range(2800, 3000))


@pytest.mark.django_db
def test_migration_works_them_out_for_sessions_that_are_there(person: User) -> None:
    session = new_session(person, 4, after={3: [1], 4: [3]})
    session.items.update(nearest_before=[], before_count=0)

    import_module("workflow.migrations.0003_context").note_what_is_before(apps, None)

    assert (item(session, 4).nearest_before, item(session, 4).before_count) == ([1, 3], 2)
    assert (item(session, 2).nearest_before, item(session, 2).before_count) == ([], 0)
