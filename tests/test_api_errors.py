"""Whatever goes wrong under /api/ is answered with a problem; the documentation works without a network."""

import logging
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from pytest_django import Settings

from books.api import books as book_operations
from chapterflow_site.api import api
from tests.api_world import get, new_book, post, problem

ClientOf = Callable[[User], Client]


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    return client_of(person)


def test_unexpected_error_is_logged_and_not_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(book_operations, "create_book", broken)

    response = post(client, "/books", {})

    told = problem(response, 500, "internal_error")
    assert "secret" not in response.content.decode()
    assert response.headers["X-Request-ID"] in told["detail"]
    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert record.exc_info is not None
    assert "the secret of the house" in str(record.exc_info[1])


def test_suspicious_request_is_a_bad_request(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def suspicious(*args: object, **kwargs: object) -> None:
        raise SuspiciousOperation("details")

    monkeypatch.setattr(book_operations, "create_book", suspicious)

    problem(post(client, "/books", {}), 400, "bad_request")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/", "/books/", "/books/a/b/c", "/books/a%00b", "/books/%C3%A9"]
)
def test_unknown_address_is_a_problem(client: Client, path: str) -> None:
    problem(get(client, path), 404, "not_found")


@pytest.mark.django_db
def test_unknown_address_is_a_problem_for_nobody_too() -> None:
    problem(get(Client(), "/nowhere"), 404, "not_found")


def test_method_that_is_not_there_is_a_problem(client: Client, person: User) -> None:
    new_book(person)

    response = client.put("/api/books/river", data={}, content_type="application/json")

    problem(response, 405, "method_not_allowed")
    assert {"GET", "PATCH", "DELETE"} <= set(response.headers["Allow"].replace(" ", "").split(","))


def test_body_larger_than_django_takes_is_a_problem(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    problem(post(client, "/books", {"title": "Longer than ten bytes"}), 413, "too_large")


def test_form_is_a_problem(client: Client, person: User) -> None:
    csrf = Client(enforce_csrf_checks=True)
    csrf.force_login(person)

    problem(csrf.post("/api/books", {"title": "x"}), 403, "csrf_failed")
    problem(client.post("/api/books", {"title": "x"}), 400, "not_json")


def test_text_that_no_database_takes_is_refused_in_addresses(client: Client) -> None:
    problem(get(client, "/sessions", book_id="a\x00b"), 422, "invalid_request")


def test_all_faults_of_a_body_are_named(client: Client) -> None:
    refused = problem(
        post(client, "/books", {"title": 1, "author": 2, "colour": "red"}), 422, "invalid_request"
    )

    assert {error["place"] for error in refused["errors"]} == {"title", "author", "colour"}


def test_answers_are_not_kept_by_caches(client: Client) -> None:
    assert get(client, "/books").headers["Cache-Control"] == "no-store"
    assert get(client, "/nowhere").headers["Cache-Control"] == "no-store"


def test_documentation_is_for_people_who_are_signed_in(client: Client, person: User) -> None:
    page, schema = Client().get("/api/docs"), Client().get("/api/openapi.json")

    assert page.status_code == 302
    assert "/sign-in/" in page.headers["Location"]
    problem(schema, 401, "not_signed_in")
    assert client.get("/api/openapi.json").json()["info"]["title"] == "ChapterFlow"


def test_documentation_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs")

    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert addresses
    assert all(address.startswith("/static/ninja/") for address in addresses)
    assert all(finders.find(address.removeprefix("/static/")) for address in addresses)


def test_operation_ids_are_named_and_unique() -> None:
    ids = [
        operation["operationId"]
        for methods in api.get_openapi_schema()["paths"].values()
        for operation in methods.values()
    ]

    assert len(ids) == len(set(ids))
    assert {"start_book_generation", "workflow_status", "retry_failed_chapter"} <= set(ids)
    assert not [one for one in ids if "_api_" in one]


def test_schema_refers_only_to_what_it_has() -> None:
    schema = api.get_openapi_schema()
    referred = set(re.findall(r"#/components/schemas/(\w+)", repr(dict(schema))))

    assert referred <= set(schema["components"]["schemas"])
    assert "Problem" in referred
