"""Finding chapters and books by their titles, from any page."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from books.actions import upload_storyline
from books.models import Book
from tests.workflow.sessions import new_session
from workflow.actions import start_session
from workflow.pages.home.find import find

SignedIn = Callable[[User], Client]


def add_book(owner: User, title: str, *chapters: str) -> str:
    """Return the id of a book with chapters of these titles, not started."""
    nodes = [{"id": f"n{number}", "title": name, "centrality_score": 1 - number / 1000}
             for number, name in enumerate(chapters, 1)]  # fmt: skip
    return upload_storyline(json.dumps({"book": {"title": title}, "nodes": nodes}), actor=owner).book.book_id


def test_chapters_are_found_where_they_can_be_looked_at(person: User) -> None:
    salt = add_book(person, "Salt", *[f"Day {n}" for n in range(1, 61)], "The Flood")
    wire = add_book(person, "Wire", "Before the flood")
    start_session(Book.objects.get(book_id=wire).versions.get(), actor=person)

    found = find(person, "FLOOD")

    assert [(one.number, one.title, one.book) for one in found] == [
        (1, "Before the flood", "Wire"),
        (61, "The Flood", "Salt"),
    ]
    assert found[0].url == f"/books/{wire}/v1/chapters/1/"
    assert found[1].url == f"/books/{salt}/v1/outline/?group=2#chapter-61"


def test_the_book_that_one_is_in_comes_first_and_numbers_are_chapters(person: User) -> None:
    salt = add_book(person, "Salt", "One", "Two")
    add_book(person, "Wire", "Three", "Four")

    assert [one.title for one in find(person, "2", salt)] == ["Two", "Four"]
    assert [one.title for one in find(person, "sal")] == ["Salt"]


def test_other_peoples_books_are_not_found(person: User, stranger: User) -> None:
    book_id = add_book(person, "Salt", "The Flood")

    assert find(stranger, "flood", book_id) == []


@pytest.mark.parametrize("query", ["", "   ", "%", "²", "9" * 300, "'\"<"])
def test_any_query_has_an_answer(person: User, client_of: SignedIn, query: str) -> None:
    add_book(person, "Salt", "The Flood")

    response = client_of(person).get("/find/", {"q": query, "book": "no-such"})

    assert response.status_code == 200
    assert "The Flood" not in response.content.decode()


def test_finding_costs_few_queries(
    person: User, client_of: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        add_book(person, f"Salt {number}", "The Flood", "The Flood again")

    with django_assert_max_num_queries(3):
        assert len(find(person, "flood")) == 8


def test_every_page_offers_it(person: User, client_of: SignedIn) -> None:
    session = new_session(person, 1)
    place = f"/books/{session.version.book.book_id}/v1/"
    client = client_of(person)

    for path in (
        "/",
        "/upload/",
        "/help/",
        "/account/",
        f"{place}board/",
        f"{place}chapters/1/",
        "/nowhere/",
    ):
        assert '<dialog id="find"' in client.get(path).content.decode()
    assert (
        f'name="book" value="{session.version.book.book_id}"' in client.get(f"{place}board/").content.decode()
    )
