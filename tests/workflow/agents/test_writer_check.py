"""The doors of *Check connection*: page, HTMX, API; what they ask of the process that does the work."""

import json
import sys
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.workflow.sessions import new_version
from workflow.actions import writers

MODEL = "openai-chat:scripted"
FOUND = [
    {
        "backend": MODEL,
        "label": "Language model: scripted",
        "steps": [
            {
                "name": "Connection",
                "is_well": True,
                "sentence": "It can be reached.",
                "advice": "",
                "detail": "",
            },
            {
                "name": "Access",
                "is_well": False,
                "sentence": "The provider does not accept the key.",
                "advice": "Put a valid key into OPENAI_API_KEY.",
                "detail": "401: <b>no</b>",
            },
        ],
    }
]
ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The writers that the other process was asked for; it finds a wrong key."""
    settings.CHAPTERFLOW_WRITERS = ["quotations", MODEL]
    cache.clear()
    found: list[str] = []

    def output(writer: str) -> bytes:
        found.append(writer)
        return json.dumps(FOUND).encode()

    monkeypatch.setattr(writers, "_output_of", output)
    return found


def address(person: User) -> str:
    version = new_version(person)
    return reverse("writer_check", args=[version.book.book_id, version.number])


def test_page_of_its_own_without_scripts(person: User, client_of: ClientOf) -> None:
    html = client_of(person).post(address(person), {"writer": MODEL}).content.decode()

    assert "The provider does not accept the key." in html
    assert "Put a valid key into OPENAI_API_KEY." in html
    assert "Back to the outline" in html
    assert "&lt;b&gt;no" in html


def test_part_of_the_page_with_htmx(person: User, client_of: ClientOf) -> None:
    client = client_of(person)

    html = client.post(address(person), {"writer": MODEL}, headers={"HX-Request": "true"}).content.decode()

    assert html.startswith('<div class="stack" id="writer-check"')
    assert "<html" not in html


def test_button_stands_where_models_can_be_chosen(
    person: User, client_of: ClientOf, settings: Settings
) -> None:
    version = new_version(person)
    outline = reverse("outline", args=[version.book.book_id, version.number])

    assert "Check connection" in client_of(person).get(outline).content.decode()
    settings.CHAPTERFLOW_WRITERS = ["quotations"]
    assert "Check connection" not in client_of(person).get(outline).content.decode()


def api(client: Client, writer: str) -> tuple[int, dict[str, object]]:
    response = client.post("/api/check-writer", {"writer": writer}, content_type="application/json")
    return response.status_code, response.json()


def test_api(person: User, client_of: ClientOf) -> None:
    status, answer = api(client_of(person), MODEL)

    assert status == 200
    assert answer["is_well"] is False
    (model,) = answer["models"]
    assert model["backend"] == MODEL
    assert [step["name"] for step in model["steps"]] == ["Connection", "Access"]


def test_once_in_ten_seconds_for_each_person(
    person: User, stranger: User, client_of: ClientOf, asked: list[str]
) -> None:
    assert api(client_of(person), MODEL)[0] == 200
    status, problem = api(client_of(person), MODEL)
    assert api(client_of(stranger), MODEL)[0] == 200

    assert (status, problem["code"]) == (429, "checked_just_now")
    assert len(asked) == 2


@pytest.mark.parametrize(
    "writer", ["anthropic:claude", "python:os:system", "", "--role", f"{MODEL},mistral:x"]
)
def test_what_is_not_allowed_is_refused_before_anything_is_begun(
    writer: str, person: User, client_of: ClientOf, asked: list[str]
) -> None:
    assert api(client_of(person), writer)[0] == 422
    assert asked == []


def test_quotations_need_no_process(person: User, client_of: ClientOf, asked: list[str]) -> None:
    status, answer = api(client_of(person), "quotations")

    assert (status, answer["is_well"]) == (200, True)
    assert asked == []


@pytest.mark.parametrize("output", [b"", b"{}", b"[{}]", b"Traceback"])
def test_process_that_breaks_is_told(
    output: bytes, person: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "_output_of", lambda writer: output)

    status, problem = api(client_of(person), MODEL)

    assert (status, problem["code"]) == (409, "check_broke")


def test_only_two_are_checked_at_once(person: User, client_of: ClientOf) -> None:
    with writers._places, writers._places:
        status, problem = api(client_of(person), MODEL)

    assert (status, problem["code"]) == (409, "others_check")
    cache.clear()
    assert api(client_of(person), MODEL)[0] == 200


def test_process_is_the_command_and_it_is_stopped_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import time; print('[]', flush=True); time.sleep(60)"
    monkeypatch.undo()
    monkeypatch.setattr(writers, "_command", lambda writer: [sys.executable, "-c", code])
    monkeypatch.setattr(writers, "PROCESS_SECONDS", 2)

    assert writers._output_of(MODEL).strip() == b"[]"
