"""Where the database is away, full or busy, pages and API say so instead of blaming the program."""

from collections.abc import Callable
from contextlib import ExitStack
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.test import Client

from books.models import Book
from chapterflow_site.core.outages import outage_of

FULL = OperationalError("database or disk is full")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FULL, "disk_full"),
        (OperationalError("could not extend file: No space left on device"), "disk_full"),
        (OperationalError("database is locked"), "database_busy"),
        (OperationalError("connection failed: Connection refused"), "database_away"),
        (InterfaceError("connection already closed"), "database_away"),
    ],
)
def test_outage_is_named(error: Exception, code: str) -> None:
    away = outage_of(error)

    assert away is not None
    assert (away.code, away.status) == (code, 503)


@pytest.mark.parametrize(
    "error", [None, ValueError("disk is full"), ProgrammingError("x"), OperationalError("no such table: x")]
)
def test_fault_of_the_program_is_no_outage(error: Exception | None) -> None:
    assert outage_of(error) is None


def broken_by(error: Exception) -> ExitStack:
    stack = ExitStack()
    stack.enter_context(patch.object(type(Book.objects.all()), "visible_to", side_effect=error))
    stack.enter_context(patch.object(type(Book.objects), "visible_to", side_effect=error))
    return stack


def test_api_says_what_is_wrong(person: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(person)

    with broken_by(FULL):
        answer = client.get("/api/books")

    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
    assert "Make room" in answer.json()["detail"]
    assert answer["Retry-After"] == "10"


def test_page_says_what_is_wrong(person: User, client_of: Callable[[User], Client]) -> None:
    client = client_of(person)
    client.raise_request_exception = False

    with broken_by(FULL):
        page = client.get("/")
    with broken_by(ValueError("a fault of ours")):
        fault = client.get("/")

    assert page.status_code == 503
    assert "The disk of the database is full" in page.content.decode()
    assert fault.status_code == 500
    assert "Something went wrong on our side" in fault.content.decode()
