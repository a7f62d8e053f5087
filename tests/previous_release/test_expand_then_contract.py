"""A new release's `migrate` leaves the old release running: its migrations expand, and contract a release later."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState

from tests.previous_release.rule import breaks

RELEASE = json.loads((Path(__file__).parent / "release.json").read_text())
LEAVES = {app: int(number) for app, number in RELEASE["migrations"].items()}

# The second steps: what the release before has already stopped to need, and which release that was.
# "workflow.0042: Remove field mood from session": "0.3.0 neither reads nor writes it".
CONTRACTS: dict[str, str] = {}


def new_operations() -> Iterator[tuple[str, Operation, ProjectState, set[str]]]:
    """Yield what stands in migrations newer than the release before, with the state that each finds."""
    graph = MigrationLoader(connection).graph
    state, made = ProjectState(), set()
    plan = [key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf)]
    for app, name in dict.fromkeys(plan):
        migration = graph.nodes[app, name]
        for operation in migration.operations:
            if int(name[:4]) > LEAVES.get(app, 9_999):
                yield f"{app}.{name[:4]}", operation, state, made
                if isinstance(operation, migrations.CreateModel):
                    made.add(operation.name.lower())
            operation.state_forwards(app, state)


@pytest.mark.django_db
def test_migrations_since_the_release_before_only_expand() -> None:
    faults = []
    for name, operation, state, made in new_operations():
        app = name.partition(".")[0]
        if f"{name}: {operation.describe()}" not in CONTRACTS:
            faults += [f"{name}: {why}" for why in breaks(operation, app, state.apps, made)]

    assert not faults, "\n".join(
        ["These break the release that still runs (CONTRIBUTING.md, “Migrations”):", *faults]
    )


@pytest.mark.django_db
def test_contracts_name_what_is_there() -> None:
    known = {f"{name}: {operation.describe()}" for name, operation, _, _ in new_operations()}

    assert CONTRACTS.keys() <= known


TEXT = models.TextField()
REFUSED = {
    "a column without a default of the database": migrations.AddField("book", "mood", models.TextField(default="")),
    "a column that may be empty no more": migrations.AlterField("book", "spare", models.IntegerField(default=1)),
    "a shorter text": migrations.AlterField("book", "title", models.CharField(max_length=20)),
    "a unique column": migrations.AlterField("book", "title", models.CharField(max_length=300, unique=True)),
    "another type": migrations.AlterField("book", "spare", models.TextField(null=True)),
    "a column taken away": migrations.RemoveField("book", "title"),
    "a column renamed": migrations.RenameField("book", "title", "name"),
    "a table taken away": migrations.DeleteModel("Book"),
    "a table renamed": migrations.RenameModel("Book", "Volume"),
    "a constraint": migrations.AddConstraint(
        "book", models.CheckConstraint(condition=models.Q(title="a"), name="only_a")
    ),
    "hand-written SQL": migrations.RunSQL("SELECT 1"),
}  # fmt: skip
TAKEN = {
    "a column with a default of the database": migrations.AddField("book", "mood", models.TextField(db_default="")),
    "a column that may be empty": migrations.AddField("book", "mood", models.TextField(null=True)),
    "a longer text": migrations.AlterField("book", "title", models.CharField(max_length=400)),
    "a column that may be empty now": migrations.AlterField(
        "book", "title", models.CharField(max_length=300, null=True)
    ),
    "a new table": migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True)), ("name", TEXT)]),
}  # fmt: skip


def found(operation: Operation) -> list[str]:
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("title", models.CharField(max_length=300)),
        ("spare", models.IntegerField(null=True)),
    ]
    state.add_model(ModelState("books", "Book", fields))
    return list(breaks(operation, "books", state.apps, set()))


@pytest.mark.parametrize("operation", REFUSED.values(), ids=REFUSED)
def test_step_that_breaks_the_release_before_is_refused(operation: Operation) -> None:
    assert found(operation)


@pytest.mark.parametrize("operation", TAKEN.values(), ids=TAKEN)
def test_step_that_only_expands_is_taken(operation: Operation) -> None:
    assert not found(operation)
