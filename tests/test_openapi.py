"""Every operation is called with what the OpenAPI document allows, and with what it does not; answers are declared."""

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from wsgiref.types import StartResponse

import hypothesis
import pytest
import schemathesis
from django.conf import settings
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client, override_settings
from hypothesis import HealthCheck
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

from books.export import FORMATS
from chapterflow_site.accounts.actions import create_token
from chapterflow_site.api import api
from tests.api_world import drive, failed, new_book, nodes, post, started, to_decide

pytestmark = pytest.mark.django_db

CASES_AT_LEAST = 2_000
EXAMPLES = 24

# Refusals of what the document allows: they depend on what is stored, or on what this installation offers.
BEYOND_A_SCHEMA = {
    "unknown_cursor",
    "writer_not_allowed",
    "order_is_no_permutation",
    "budget_not_kept",
    "storyline_faults",
    "invalid_preferences",
    "invalid_language",
    "budget_missing",
}
# Its schema has so many keys that going through the bounds of each would take a third of the time.
ONLY_AT_RANDOM = {"upload_storyline"}

Names = Mapping[str, list[object]]
OPERATIONS = [
    pytest.param(method, path, id=operation["operationId"])
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method, operation in methods.items()
]
called: Counter[str] = Counter()


@pytest.fixture(scope="module")
def openapi() -> schemathesis.BaseSchema:
    """The document as schemathesis reads it."""
    acceptable = ["2xx", 401, 403, 404, 409, 422, 429]
    config = SchemathesisConfig.from_dict(
        {
            # NUL is in no text that a database takes; what happens to it is tested where texts are read.
            "generation": {"deterministic": True, "allow-x00": False},
            "checks": {"positive_data_acceptance": {"expected-statuses": acceptable}},
        }
    )
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema(), config=config)
    schema.app = read_to_the_end(get_wsgi_application())
    return schema


def read_to_the_end(application: WSGIHandler) -> Callable[[dict[str, object], StartResponse], list[bytes]]:
    """Close each answer, as a web server does; schemathesis leaves open the file that an export is read from."""

    def answer(environ: dict[str, object], start_response: StartResponse) -> list[bytes]:
        with closing(application(environ, start_response)) as response:
            return list(response)

    return answer


@pytest.fixture(scope="module")
def person(kept: None) -> User:
    """Somebody with books; all tests of this module find the same ones, since each case is undone."""
    return User.objects.create_user("ottilie")


@pytest.fixture(scope="module")
def names(person: User) -> Names:
    """Names of things in several states for every parameter of a path; all are `person`'s."""
    client = Client()
    client.force_login(person)
    for name in ("river", "stopped", "running", "empty", "new"):
        new_book(person, name)
    post(client, "/books/new/storyline", nodes(2))
    done = drive(started(client, book_id="river").pk)
    with override_settings(CHAPTERFLOW_WRITERS=[]):
        stopped = failed(client, settings, book_id="stopped")
    change, question = to_decide(done)
    return {
        "book_id": ["river", "stopped", "running", "empty", "new"],
        "version": ["v1"],
        "session_id": [done.pk, stopped.pk, started(client, book_id="running").pk],
        "chapter_id": [
            f"{book}_v1_chapter_{number}" for book in ("river", "stopped") for number in (1, 2, 3)
        ],
        "change_id": [change.pk],
        "question_id": [question.pk],
        "format": ["md", "json", "epub"],
    }


@pytest.fixture(scope="module")
def token(person: User) -> str:
    """What `person` signs in with."""
    return create_token(person, actor=person)[1]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_operation_answers_as_declared(
    method: str, path: str, openapi: schemathesis.BaseSchema, names: Names, token: str
) -> None:
    operation = openapi[f"/api{path.removeprefix('/api')}"][method]
    is_small = operation.definition.raw["operationId"] not in ONLY_AT_RANDOM
    config = HypothesisTestConfig(
        project=openapi.config,
        modes=[mode for mode in HypothesisTestMode if mode is not HypothesisTestMode.COVERAGE or is_small],
        settings=hypothesis.settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    def is_declared(case: schemathesis.Case) -> None:
        call(case, names, token)

    create_test(operation=operation, test_func=is_declared, config=config)()


def call(case: schemathesis.Case, names: Names, token: str) -> None:
    """Send the case; what it changes is undone, so that each finds the same world."""
    called[case.operation.label] += 1
    name_what_is_there(case, names)
    with connection_kept(), transaction.atomic():
        try:
            response = case.call_and_validate(
                headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
            )
            if response.status_code == 422 and case.meta.generation.mode.is_positive:
                assert response.json()["code"] in BEYOND_A_SCHEMA, response.text
        finally:
            transaction.set_rollback(True)


@contextmanager
def connection_kept() -> Iterator[None]:
    """Let a request close no connection: the transaction around all of them is on it."""
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


def name_what_is_there(case: schemathesis.Case, names: Names) -> None:
    """Let three of four cases that have valid names be about something that is there."""
    if not case.path_parameters or (case.meta and case.meta.generation.mode.is_negative):
        return
    number = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
    if number % 4:
        case.path_parameters = {
            name: str(names[name][number // 4 % len(names[name])]) for name in case.path_parameters
        }


def test_cases_are_many() -> None:
    assert called.total() >= CASES_AT_LEAST


def test_formats_of_exports_are_those_that_there_are() -> None:
    operation = api.get_openapi_schema()["paths"]["/api/books/{book_id}/versions/{version}/export/{format}"][
        "get"
    ]
    (format,) = (each for each in operation["parameters"] if each["name"] == "format")

    assert re.findall(r"\b(?!or\b)\w+", format["description"]) == [*FORMATS]
