"""Who may use the API, and what every operation answers to those who may not: walks the OpenAPI document."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chapterflow_site.accounts.actions import create_token, revoke_token
from chapterflow_site.api import api
from tests.api_world import drive, get, new_book, nodes, post, problem, started, to_decide

ClientOf = Callable[[User], Client]
BODIES: dict[str, object] = {
    "create_book": {"title": "Mine"},
    "edit_book": {"title": "Mine"},
    "edit_version": {"dependencies": "graph"},
    "upload_storyline": nodes(1),
    "add_chunks": [{"id": "a", "text": "x"}],
    "start_book_generation": nodes(1),
    "start_version": {},
    "answer_question": {"answer": "x"},
    "check_writer": {"writer": "quotations"},
    "raise_budget": {"tokens": 200_000},
}


def operations() -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield method, path and description of every operation."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


OPERATIONS = [pytest.param(*one, id=str(one[2]["operationId"])) for one in operations()]
OF_SOMETHING = [one for one in OPERATIONS if "{" in one.values[1]]


@pytest.fixture
def names(person: User, client_of: ClientOf) -> dict[str, object]:
    """Names of existing things for every parameter of a path; all are `person`'s."""
    new_book(person)
    session = drive(started(client_of(person)).pk)
    chapter = session.version.chapters.get(number=1)
    change, question = to_decide(session)
    return {
        "book_id": "river",
        "version": "v1",
        "session_id": session.pk,
        "chapter_id": chapter.chapter_id,
        "change_id": change.pk,
        "question_id": question.pk,
        "format": "md",
    }


def call(
    client: Client, method: str, path: str, operation: dict[str, object], names: dict[str, object]
) -> HttpResponse:
    body = BODIES.get(str(operation["operationId"]))
    send = getattr(client, method)
    if body is None:
        return send(path.format(**names))
    return send(path.format(**names), data=body, content_type="application/json")


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
@pytest.mark.django_db
def test_operation_answers_nobody_with_401(method: str, path: str, operation: dict[str, object]) -> None:
    names = dict.fromkeys(("book_id", "version", "chapter_id", "format"), "v1") | {
        "session_id": uuid4(),
        "change_id": 1,
        "question_id": 1,
    }

    refused = call(Client(enforce_csrf_checks=True), method, path, operation, names)

    problem(refused, 401, "not_signed_in")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path", "operation"), OF_SOMETHING)
def test_operation_answers_a_stranger_with_404(
    method: str,
    path: str,
    operation: dict[str, object],
    names: dict[str, object],
    stranger: User,
    client_of: ClientOf,
) -> None:
    problem(call(client_of(stranger), method, path, operation, names), 404, "not_found")


@pytest.mark.parametrize(("method", "path", "operation"), OF_SOMETHING)
def test_operation_finds_what_is_ones_own(
    method: str,
    path: str,
    operation: dict[str, object],
    names: dict[str, object],
    person: User,
    client_of: ClientOf,
) -> None:
    response = call(client_of(person), method, path, operation, names)

    assert response.status_code in {200, 201, 202, 204, 409, 422}
    assert str(response.status_code) in {str(status) for status in operation["responses"]}
    response.getvalue()  # to its end, at which a file that it is read from is closed


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_operation_is_documented(method: str, path: str, operation: dict[str, object]) -> None:
    responses = {int(status): answer for status, answer in operation["responses"].items()}

    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert all(parameter["description"] for parameter in operation["parameters"])
    assert 401 in responses
    assert ("{" in path) == (404 in responses)
    assert (method != "get") == (403 in responses)
    for status, answer in responses.items():
        assert answer["description"]
        if status >= 400:
            assert answer["content"]["application/problem+json"]["example"]["code"]


def test_lists_hold_only_ones_own(names: dict[str, object], stranger: User, client_of: ClientOf) -> None:
    client = client_of(stranger)

    assert get(client, "/books").json() == {"results": [], "next": None}
    assert get(client, "/sessions").json() == {"results": [], "next": None}
    assert get(client, "/sessions", book_id="river").json()["results"] == []


def test_token_opens_the_api_without_cookies_or_csrf(person: User) -> None:
    token, secret = create_token(person, actor=person)
    client = Client(enforce_csrf_checks=True)

    made = post(client, "/books", {"title": "By token"}, Authorization=f"Bearer {secret}")

    assert made.status_code == 201
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert secret not in token.digest


def test_use_of_a_token_is_noted_once_a_minute(person: User) -> None:
    token, secret = create_token(person, actor=person)
    post(Client(), "/books", {}, Authorization=f"Bearer {secret}")
    token.refresh_from_db()
    first = token.last_used_at

    post(Client(), "/books", {}, Authorization=f"Bearer {secret}")
    token.refresh_from_db()
    assert token.last_used_at == first
    long_ago = timezone.now() - timedelta(minutes=2)
    type(token).objects.update(last_used_at=long_ago)
    post(Client(), "/books", {}, Authorization=f"Bearer {secret}")
    token.refresh_from_db()

    assert token.last_used_at is not None
    assert token.last_used_at > long_ago


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer wrong", "Basic b3R0aWxpZTp4", "wrong", "Bearer é"]
)
@pytest.mark.django_db
def test_wrong_token_is_refused(header: str) -> None:
    problem(post(Client(), "/books", {}, Authorization=header), 401, "not_signed_in")


def test_revoked_token_is_refused_whatever_cookies_come_along(person: User, client_of: ClientOf) -> None:
    token, secret = create_token(person, actor=person)
    revoke_token(token, actor=person)
    client = client_of(person)

    assert get(client, "/books").status_code == 200
    problem(client.get("/api/books", headers={"Authorization": f"Bearer {secret}"}), 401, "not_signed_in")


def test_token_of_an_inactive_person_is_refused(person: User) -> None:
    _, secret = create_token(person, actor=person)
    User.objects.filter(pk=person.pk).update(is_active=False)

    problem(post(Client(), "/books", {}, Authorization=f"Bearer {secret}"), 401, "not_signed_in")


def test_change_by_cookie_needs_the_csrf_token(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)

    refused = post(client, "/books", {"title": "Forged"})

    problem(refused, 403, "csrf_failed")
    assert get(client, "/books").json()["results"] == []


def test_change_by_cookie_with_the_csrf_token_is_made(person: User, settings: Settings) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.get("/api/docs").status_code == 200
    token = client.cookies[settings.CSRF_COOKIE_NAME].value

    assert post(client, "/books", {"title": "Mine"}, **{"X-CSRFToken": token}).status_code == 201
    problem(post(client, "/books", {}, **{"X-CSRFToken": "x" * 64}), 403, "csrf_failed")


def test_bearer_header_is_no_way_around_csrf(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)

    problem(post(client, "/books", {}, Authorization="Bearer x"), 401, "not_signed_in")
    problem(post(client, "/books", {}, Authorization="Basic x"), 401, "not_signed_in")
