"""Single rows through statements that are put together once: the same values as through the ORM."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from chapterflow_site.core.rows import (
    ROWS_PER_INSERT,
    add_row,
    add_rows,
    add_values,
    change_row,
    count_rows,
    lock_row,
    read_row,
    read_together,
)
from tests.workflow.sessions import new_session
from workflow.engine import advance
from workflow.models import Attempt, ChapterWorkflowItem, Event, FactEntry, ProcessingSession
from workflow.models.facts import FactKind


def values(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize("model", [ProcessingSession, ChapterWorkflowItem, Attempt, Event])
def test_row_is_read_as_the_orm_reads_it(person: User, model: type[models.Model]) -> None:
    advance(new_session(person, 2).pk)

    for expected in model._default_manager.all():
        found = lock_row(model, expected.pk)
        assert found is not None
        assert values(found) == values(expected)
        assert found == expected


def test_row_that_is_not_there_is_none(person: User) -> None:
    assert lock_row(ProcessingSession, uuid.uuid4()) is None
    assert read_row(Attempt, "number > %s", number=3) is None


def test_rows_are_read_together_as_the_orm_reads_them(person: User) -> None:
    advance(new_session(person, 3).pk)
    joins = "JOIN workflow_chapterworkflowitem ON workflow_chapterworkflowitem.id = item_id"
    where = "workflow_attempt.phase = %s ORDER BY workflow_chapterworkflowitem.number"

    found = read_together((Attempt, ChapterWorkflowItem), joins, where, phase="writing")

    attempts = list(Attempt.objects.filter(phase="writing").order_by("item__number"))
    items = list(ChapterWorkflowItem.objects.order_by("number"))
    assert len(found) == 3
    assert [attempt for attempt, _ in found] == attempts
    assert [values(item) for _, item in found] == list(map(values, items))
    assert [values(attempt) for attempt, _ in found] == list(map(values, attempts))


def test_rows_are_counted(person: User) -> None:
    session = new_session(person, 5)
    new_session(person, 2)

    assert (
        count_rows(ChapterWorkflowItem, "session_id = %s AND number > %s", session=session.pk, number=2) == 3
    )


def test_added_row_is_what_the_orm_would_have_stored(person: User) -> None:
    session = new_session(person, 1)
    attempt = Attempt(
        session=session, phase="writing", number=1, agent="quotations", token=uuid.uuid4(),
        context={"chunks": ["ä", 1.5, None]}, started_at=timezone.now(),
    )  # fmt: skip

    add_row(attempt)

    assert values(Attempt.objects.get(pk=attempt.pk)) == values(attempt)
    assert not attempt._state.adding


def test_many_rows_are_added_in_order(person: User) -> None:
    session = new_session(person, 1)
    numbers = range(100, 100 + 2 * ROWS_PER_INSERT + 1)

    add_rows([Event(session=session, seq=number, kind="note") for number in numbers])

    assert list(session.events.filter(kind="note").values_list("seq", flat=True)) == list(numbers)


def test_values_are_stored_as_the_orm_would_have_stored_them(person: User) -> None:
    item = new_session(person, 1).items.get()
    names = ("session", "item", "number", "position", "key", "name", "kind", "sentence", "chunk_ids")
    rows = [
        (item.session_id, item.pk, 1, position, "emm", "Emm", FactKind.FIGURE, "Emm’s ä", ["c-1", "ü"])
        for position in range(ROWS_PER_INSERT + 1)
    ]

    add_values(FactEntry, names, rows)

    found = FactEntry.objects.order_by("position").values_list("session", "item", *names[2:])
    assert list(found) == rows


def test_nothing_to_store_is_no_statement(
    person: User, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    with django_assert_num_queries(0):
        add_values(FactEntry, ("number",), [])
        add_rows([])


def test_change_needs_its_guard(person: User) -> None:
    item = new_session(person, 1).items.get()

    late = change_row(
        ChapterWorkflowItem, {"pk": item.pk, "number": 7}, {"word_count": 5}, grow="row_version"
    )
    fits = change_row(
        ChapterWorkflowItem, {"pk": item.pk, "number": 1}, {"word_count": 6}, grow="row_version"
    )

    item.refresh_from_db()
    assert (late, fits, item.word_count, item.row_version) == (False, True, 6, 2)
