"""A whole run with keys in the environment, in trouble and out of it: no place that anybody can read has one."""

import logging
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.workflow.agents.llm.server import KEY
from tests.workflow.agents.llm.wires import WIRES, WireServer, says
from tests.workflow.sessions import let_waits_pass, new_session, statuses
from workflow.actions import retry_session
from workflow.engine import advance
from workflow.models import ProcessingSession

# Neither the key nor its middle part: providers repeat keys with stars in them.
PARTS = (KEY, KEY[3:12], KEY[8:16])
PASSWORD = "hunters-moon-9"
WIRE = WIRES["openai-chat"]
ECHO = says(
    401, {"error": {"message": f"Bearer {KEY} and {KEY[:12]} are wrong for http://me:{PASSWORD}@models"}}
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[WireServer]:
    """A provider that repeats what it was sent; its address has a password in it."""
    server = WireServer()
    server.wire = WIRE
    for name, value in WIRE.environment(server).items():
        monkeypatch.setenv(name, value)
    address = f"http://me:{PASSWORD}@127.0.0.1:{server.port}/v1"
    monkeypatch.setenv(WIRE.address, address)
    monkeypatch.setitem(WIRE.faults, "echo", ECHO)  # type: ignore[arg-type]
    settings.CHAPTERFLOW_WRITERS = [WIRE.writer]
    yield server
    server.close()


@pytest.fixture
def session(server: WireServer, person: User, caplog: pytest.LogCaptureFixture) -> ProcessingSession:
    """A book that failed for a wrong key, was rate limited, and was written in the end."""
    caplog.set_level(logging.DEBUG)
    server.play("echo", "429 in mid-stream", "good")
    session = new_session(person, 2, writer=WIRE.writer)
    advance(session.pk)
    assert statuses(session)[0] == "failed"
    retry_session(session, actor=person)
    for _ in range(6):
        advance(session.pk)
        let_waits_pass(session)
    session.refresh_from_db()
    assert session.status == "completed"
    return session


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (*PARTS, PASSWORD) if secret in text]


def test_database_and_logs(session: ProcessingSession, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        repr(row)
        for model in apps.get_models()
        for row in model._default_manager.values()  # every column of every table
    ]

    assert len(rows) > 50
    assert any("[hidden]" in row for row in rows)
    assert secrets_in("".join(rows)) == []
    assert secrets_in(caplog.text) == []


def test_pages_answers_and_exports(session: ProcessingSession, person: User, client: Client) -> None:
    client.force_login(person)
    book_id, number = session.version.book.book_id, session.version.number
    place = [book_id, number]
    chapter = session.version.chapters.get(number=1)
    pages = [
        reverse("home"), reverse("account"),
        *(reverse(name, args=place) for name in ("outline", "board", "activity", "read", "review", "questions")),
        *(
            reverse(name, args=[*place, 1])
            for name in ("chapter", "chapter_attempts", "chapter_sources", "chapter_revisions")
        ),
        *(reverse("export", args=[*place, form]) for form in ("md", "json", "epub")),
        *(
            f"/api{path}"
            for path in (
                "/openapi.json", "/books", f"/books/{book_id}", f"/books/{book_id}/versions/v{number}",
                "/sessions", f"/sessions/{session.pk}", f"/sessions/{session.pk}/events",
                f"/workflow-status/{session.pk}", f"/chapters/{chapter.chapter_id}",
                f"/chapters/{chapter.chapter_id}/revisions", f"/chapters/{chapter.chapter_id}/sources",
                f"/sessions/{session.pk}/changes", f"/books/{book_id}/versions/v{number}/questions",
            )
        ),
    ]  # fmt: skip

    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        assert secrets_in(response.getvalue().decode(errors="replace")) == [], page


@pytest.mark.parametrize("debug", [False, True])
def test_error_page_of_the_web_process(
    debug: bool,
    session: ProcessingSession,
    person: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        api_key = KEY  # a variable of a frame, as a page with source code would show it
        raise RuntimeError(f"cannot be done without {len(api_key)} letters")

    settings.DEBUG = debug
    monkeypatch.setattr("workflow.views.session.read_board", broken)
    client = Client(raise_request_exception=False)
    client.force_login(person)

    place = [session.version.book.book_id, session.version.number]
    for kind in ("text/html", "application/json"):
        response = client.get(reverse("board", args=place), headers={"Accept": kind})
        assert response.status_code == 500
        assert secrets_in(response.content.decode()) == []
    assert secrets_in(caplog.text) == []


def test_admin(session: ProcessingSession, client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff", password="keys-of-the-ferry"))

    for name in ("processingsession", "attempt", "chapterworkflowitem", "event"):
        listing = reverse(f"admin:workflow_{name}_changelist")
        row = apps.get_model("workflow", name).objects.order_by("pk").first()
        for page in (listing, reverse(f"admin:workflow_{name}_change", args=[row.pk])):
            response = client.get(page)
            assert response.status_code == 200, page
            assert secrets_in(response.content.decode()) == [], page
