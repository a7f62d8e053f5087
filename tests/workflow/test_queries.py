"""Statements that are written by hand: they stand in one module, and the database in use understands each."""

import ast
import re
import uuid
from collections.abc import Callable, Iterator
from inspect import getmembers, isfunction

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from tests.rooms import TREES
from tests.workflow.sessions import new_session
from workflow import queries
from workflow.models import ProcessingSession
from workflow.queries import (
    count_running,
    meet_need,
    need_again,
    read_chapter,
    read_chunks,
    read_facts,
    read_first_ready,
    read_related,
    read_story_lines,
    read_texts,
)

SQL = re.compile(r"\b(SELECT|UPDATE|INSERT INTO|DELETE FROM|JOIN|WHERE|ORDER BY)\s")
# Beside `workflow.queries`: what builds statements of the models' own names, and two that name no table.
MAY_HAVE_SQL = {
    "workflow.queries",
    "chapterflow_site.core.rows",
    "chapterflow_site.core.clock",
    "workflow.queue.database_broker",
}
SESSION = uuid.uuid4()
CALLS: list[tuple[Callable[..., object], tuple[object, ...]]] = [
    (read_first_ready, (SESSION, timezone.now())),
    (count_running, (SESSION,)),
    (meet_need, (1,)),
    (need_again, (1,)),
    (read_chapter, (1,)),
    (read_chunks, (1,)),
    (read_story_lines, (SESSION, 3, 40)),
    (read_story_lines, (SESSION, [1, 2], 40)),
    (read_texts, (1, [1, 2])),
    (read_facts, (SESSION, 3, {"ada": 0, "bob": 1}, 400)),
    (read_facts, (SESSION, [], {"ada": 0}, 400)),
    (read_related, (1, 1, (), 12)),
    (read_related, (1, 1, ("after", "before"), 12)),
]


def test_each_statement_is_among_those_that_are_prepared() -> None:
    public = {
        function
        for name, function in getmembers(queries, isfunction)
        if function.__module__ == queries.__name__ and not name.startswith("_")
    }

    assert {function for function, _ in CALLS} == public


@pytest.mark.django_db
@pytest.mark.parametrize(("function", "arguments"), CALLS)
def test_the_database_prepares_the_statement(
    function: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    plans = explained(function, *arguments)

    assert len(plans) == 1
    assert plans[0]


def test_the_next_chapter_and_those_in_progress_are_found_by_index(person: User) -> None:
    session = new_session(person, 3)

    ready, running = plans_of(session)

    if connection.vendor == "sqlite":
        assert "INDEX item_startable (session_id=?)" in ready
        assert "SCAN" not in running


def test_statements_stand_in_one_module() -> None:
    found = {name: list(statements(tree)) for name, tree in TREES.items() if name not in MAY_HAVE_SQL}

    assert {name: texts for name, texts in found.items() if texts} == {}
    assert list(statements(TREES["workflow.queries"]))


def plans_of(session: ProcessingSession) -> tuple[str, str]:
    [ready] = explained(read_first_ready, session.pk, timezone.now())
    [running] = explained(count_running, session.pk)
    return ready, running


def explained(function: Callable[..., object], *arguments: object) -> list[str]:
    """Call a function, and return the database's plan of each statement that it runs."""
    run: list[tuple[str, object]] = []

    def remember(
        execute: Callable[..., object], sql: str, params: object, many: bool, context: object
    ) -> object:
        run.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        function(*arguments)
    return [plan(sql, params) for sql, params in run]


def plan(sql: str, params: object) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", params)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def statements(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module that look like SQL; what documents it does not count."""
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and id(node) not in documented
        if is_text and isinstance(node.value, str) and SQL.search(node.value):
            yield node.value
