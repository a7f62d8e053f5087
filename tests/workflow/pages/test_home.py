"""The home page, the way into a book, and its deletion."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from books.actions import create_book, upload_storyline
from books.models import Book, BookVersion, TextChunk
from workflow.actions import start_session
from workflow.models import FollowUpQuestion, ProcessingSession
from workflow.pages.home.library import cover_of, library

SignedIn = Callable[[User], Client]


def make_version(person: User, title: str, chapters: int = 2, **book: str) -> BookVersion:
    nodes = [
        {"id": f"n{i}", "title": f"Chapter about {i}", "chunk_ids": ["c1"], "participants": ["Émile Quill"]}
        for i in range(chapters)
    ]
    data = {"book": {"title": title, **book}, "nodes": nodes, "chunks": [{"id": "c1", "text": "one"}]}
    return upload_storyline(json.dumps(data), actor=person)


def start(version: BookVersion, person: User, **columns: object) -> ProcessingSession:
    session, _ = start_session(version, actor=person)
    ProcessingSession.objects.filter(pk=session.pk).update(**columns)
    session.refresh_from_db()
    return session


def test_first_visit_gets_a_tour(person: User, client_of: SignedIn) -> None:
    page = client_of(person).get("/").content.decode()

    assert "Open the sample book" in page
    assert "No books yet" in page


def test_shelf_shows_own_books_only(person: User, stranger: User, client_of: SignedIn) -> None:
    make_version(person, "Salt")
    make_version(stranger, "Somebody’s Diary")

    page = client_of(person).get("/").content.decode()

    assert "Salt" in page
    assert "Diary" not in page
    assert "Outline ready, not started" in page


def test_running_book_has_a_leaf_for_each_chapter(person: User, client_of: SignedIn) -> None:
    start(make_version(person, "Salt", chapters=3), person, status="processing")

    page = client_of(person).get("/").content.decode()

    assert "Being written now" in page
    assert page.count('data-status="pending"') == 3
    assert "0 of 3 chapters" in page


def test_long_running_book_has_a_bar(person: User, client_of: SignedIn) -> None:
    start(make_version(person, "Salt", chapters=51), person, status="processing", written_count=20)

    page = client_of(person).get("/").content.decode()

    assert '<progress value="20" max="51"' in page
    assert 'class="fore-edge"' not in page


def test_failed_chapter_needs_the_person(person: User, client_of: SignedIn) -> None:
    session = start(make_version(person, "Salt", chapters=3), person, status="processing", failed_count=1)
    session.items.filter(number=1).update(status="failed", error_code="timeout", retry_count=3)

    page = client_of(person).get("/").content.decode()

    assert "Chapter 1 failed, and 2 chapters wait for it" in page
    assert "The writer did not answer in time" in page
    assert f'action="/sessions/{session.pk}/retry/"' in page


def test_cancelled_book_needs_nobody(person: User, client_of: SignedIn) -> None:
    start(make_version(person, "Salt"), person, status="cancelled", failed_count=1)

    assert "Needs you" not in client_of(person).get("/").content.decode()


def test_open_question_needs_the_person(person: User, client_of: SignedIn) -> None:
    version = make_version(person, "Salt")
    session = start(version, person, status="completed", written_count=2, harmonized_count=2)
    FollowUpQuestion.objects.create(
        version=version, session=session, key="k", category="gap", text="Who kept the key?", reason="r"
    )

    page = client_of(person).get("/").content.decode()

    assert "1 question is open" in page
    assert "Who kept the key?" in page
    assert 'href="/books/salt/v1/questions/"' in page


@pytest.mark.parametrize("query", ["salt", "WIRE", "bridie", "Émile", "Quill salt"])
def test_search_finds_titles_authors_and_people(person: User, query: str) -> None:
    make_version(person, "Salt and Wire", author="Bridie Quillfeather")
    create_book(actor=person, title="Other")

    assert [book.title for book in library(person, query=query)] == ["Salt and Wire"]


def test_search_without_a_match_says_so(person: User, client_of: SignedIn) -> None:
    make_version(person, "Salt")

    page = client_of(person).get("/?q=%3Cb%3Enone").content.decode()

    assert "No book matches “&lt;b&gt;none”" in page


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("title", ["alpha", "Beta", "Gamma"]),
        ("progress", ["Beta", "Gamma", "alpha"]),
        ("changed", ["Gamma", "Beta", "alpha"]),
    ],
)
def test_shelf_is_sorted(person: User, sort: str, titles: list[str]) -> None:
    make_version(person, "alpha")
    start(make_version(person, "Beta"), person, status="completed")
    start(make_version(person, "Gamma"), person, status="processing", best_progress=40)

    assert [book.title for book in library(person, sort=sort)] == titles


def test_nonsense_in_the_address_does_no_harm(person: User, client_of: SignedIn) -> None:
    make_version(person, "Salt")

    assert client_of(person).get("/?sort=moon&page=x").status_code == 200


def test_queries_do_not_grow_with_books(
    person: User, client_of: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        make_version(person, f"Book {number}")
    client = client_of(person)

    with django_assert_max_num_queries(14):
        client.get("/")


def test_cover_stays_the_same(person: User) -> None:
    book = create_book(actor=person, title="Salt")

    before = cover_of(book)
    book.title = "Grandmother’s Card Index of Everything"

    assert (cover_of(book).cloth, cover_of(book).pattern) == (before.cloth, before.pattern)
    assert (before.is_long, cover_of(book).is_long) == (False, True)


def test_book_leads_to_outline_then_board(person: User, client_of: SignedIn) -> None:
    version = make_version(person, "Salt")
    client = client_of(person)

    assert client.get("/books/salt/").headers["Location"] == "/books/salt/v1/outline/"
    start(version, person)
    assert client.get("/books/salt/").headers["Location"] == "/books/salt/v1/board/"


def test_book_without_a_version_leads_to_the_upload(person: User, client_of: SignedIn) -> None:
    create_book(actor=person, title="Salt")

    assert client_of(person).get("/books/salt/").headers["Location"] == "/upload/?book=salt"


def test_deleting_asks_first(person: User, client_of: SignedIn) -> None:
    start(make_version(person, "Salt"), person)

    page = client_of(person).get("/books/salt/delete/").content.decode()

    assert "The writing is cancelled first." in page
    assert Book.objects.exists()


def test_deleting_takes_everything(person: User, client_of: SignedIn) -> None:
    start(make_version(person, "Salt"), person)

    response = client_of(person).post("/books/salt/delete/")

    assert response.headers["Location"] == "/"
    assert not Book.objects.exists()
    assert not TextChunk.objects.exists()
    assert not ProcessingSession.objects.exists()


def test_book_of_somebody_else_is_not_there(person: User, stranger: User, client_of: SignedIn) -> None:
    make_version(person, "Salt")
    client = client_of(stranger)

    assert client.get("/books/salt/").status_code == 404
    assert client.get("/books/salt/delete/").status_code == 404
    assert client.post("/books/salt/delete/").status_code == 404
    assert client.post("/books/salt/v1/start/").status_code == 404
    assert Book.objects.exists()
    assert not ProcessingSession.objects.exists()


def fill_shelf(person: User, times: int) -> None:
    """Books of every kind that home says something about."""
    for number in range(times):
        start(make_version(person, f"Running {number}", chapters=5), person, status="processing")
        failing = start(make_version(person, f"Failed {number}"), person, status="failed", failed_count=1)
        failing.items.filter(number=1).update(status="failed", error_code="timeout", retry_count=3)
        asked = make_version(person, f"Asked {number}")
        session = start(asked, person, status="completed", written_count=2, harmonized_count=2)
        FollowUpQuestion.objects.create(
            version=asked, session=session, key="k", category="gap", text="Who?", reason="r"
        )


def test_queries_of_home_do_not_grow_with_the_books(
    person: User, client_of: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(person)
    fill_shelf(person, 1)
    with CaptureQueriesContext(connection) as first:
        client.get("/")
    fill_shelf(person, 4)

    with django_assert_num_queries(len(first)):
        client.get("/")
    assert len(first) <= 16
