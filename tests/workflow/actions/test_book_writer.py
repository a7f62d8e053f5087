"""Who writes: the start's choice, the book's, the installation's; and only who is offered, at every door."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from books.actions import create_book, edit_book, upload_storyline
from books.models import BookVersion
from chapterflow_site.core.exceptions import Invalid
from workflow.actions import start_session
from workflow.agents.orchestrator import check_allowed
from workflow.models import ProcessingSession

SignedIn = Callable[[User], Client]
OUTLINE = "/books/salt/v1/outline/"
START = "/books/salt/v1/start/"
MODEL = "openai-chat:small"


@pytest.fixture
def offered(settings: Settings) -> Settings:
    settings.CHAPTERFLOW_WRITERS = ["quotations", "python:tests.writers:plain", "openai-chat:*"]
    return settings


@pytest.fixture
def version(person: User, offered: Settings) -> BookVersion:
    data = {
        "book": {"title": "Salt"},
        "nodes": [{"id": "n1", "title": "The Bell", "summary": "A bell rang."}],
    }
    return upload_storyline(json.dumps(data), actor=person)


def writer_now() -> str:
    return ProcessingSession.objects.get().writer


# ------------------------------------------------------------------ the chain


def test_book_goes_before_the_installation_and_the_start_before_both(
    version: BookVersion, person: User
) -> None:
    edit_book(version.book, actor=person, writer=MODEL)
    start_session(version, actor=person)
    assert writer_now() == MODEL

    other = upload_storyline('[{"id": "n1", "summary": "Salt."}]', actor=person, book=version.book)
    session, _ = start_session(other, actor=person, writer="quotations")

    assert session.writer == "quotations"


def test_start_of_a_book_whose_writer_is_gone_is_refused_with_what_is_offered(
    version: BookVersion, person: User, offered: Settings
) -> None:
    edit_book(version.book, actor=person, writer=MODEL)
    offered.CHAPTERFLOW_WRITERS = ["quotations"]

    with pytest.raises(
        Invalid, match=r"does not offer the writer “openai-chat:small”\. It offers “quotations”"
    ):
        start_session(version, actor=person)

    start_session(version, actor=person, writer="quotations")


# ------------------------------------------------------------------ doors that set it


@pytest.mark.parametrize("writer", ["python:os:system", "openai:gpt-5", "x" * 250, "openai-chat:"])
def test_no_action_takes_a_writer_that_is_not_offered(person: User, offered: Settings, writer: str) -> None:
    book = create_book(actor=person, title="Salt")

    for change in (
        lambda: edit_book(book, actor=person, writer=writer),
        lambda: create_book(actor=person, title="Salt", writer=writer),
    ):
        with pytest.raises(Invalid):
            change()

    book.refresh_from_db()
    assert book.writer == ""


def test_start_keeps_the_writer_for_the_book_only_on_request(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)

    client.post(START, {"writer": MODEL})
    version.book.refresh_from_db()
    assert version.book.writer == ""

    client.post(START, {"writer": MODEL, "keep_writer": "yes"})
    version.book.refresh_from_db()
    assert version.book.writer == MODEL


# ------------------------------------------------------------------ the panel


def test_panel_selects_the_writer_of_the_book(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    edit_book(version.book, actor=person, writer=MODEL)

    page = client_of(person).get(OUTLINE).content.decode()

    assert f'<option value="{MODEL}" selected>Language model: small</option>' in page
    assert "Until now: Language model: small." in page
    assert "not offered any more" not in page


def test_panel_says_that_the_writer_is_gone_and_offers_the_default(
    version: BookVersion, person: User, client_of: SignedIn, offered: Settings
) -> None:
    edit_book(version.book, actor=person, writer=MODEL)
    offered.CHAPTERFLOW_WRITERS = ["quotations"]
    client = client_of(person)

    page = client.get(OUTLINE).content.decode()

    assert "The book’s writer is not offered any more" in page
    assert '<option value="quotations" selected>' in page
    assert "<dt>Cost</dt><dd>nothing</dd>" in page
    assert client.post(START, {"writer": "quotations"}).status_code == 302


# ------------------------------------------------------------------ a model by its name


def test_name_can_be_typed_only_where_a_prefix_is_offered(
    version: BookVersion, person: User, client_of: SignedIn, offered: Settings
) -> None:
    client = client_of(person)

    assert 'name="writer_name"' in client.get(OUTLINE).content.decode()

    offered.CHAPTERFLOW_WRITERS = ["quotations"]
    assert 'name="writer_name"' not in client.get(OUTLINE).content.decode()


def test_typed_name_goes_before_the_list(version: BookVersion, person: User, client_of: SignedIn) -> None:
    typed = "openai-chat:large, openai-chat:small"

    client_of(person).post(START, {"writer": "quotations", "writer_name": f" {typed} "})

    assert writer_now() == typed


def test_typed_name_that_is_not_offered_is_refused_with_what_is(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)

    response = client.post(START, {"writer": "quotations", "writer_name": "openai-chat:a,anthropic:b"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "does not offer the writer “openai-chat:a,anthropic:b”" in page
    assert "all that begins with “openai-chat:”" in page
    assert not ProcessingSession.objects.exists()


def test_typed_name_stays_in_its_field_while_the_estimate_follows(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    asked = {"writer": "quotations", "writer_name": '"><b>openai-chat:x'}

    page = client_of(person).get(OUTLINE, asked, headers={"HX-Request": "true"}).content.decode()

    assert 'value="&quot;&gt;&lt;b&gt;openai-chat:x"' in page
    assert '<option value="quotations" selected>' in page


@pytest.mark.parametrize("writer", ["openai-chat:a", "openai-chat:a, openai-chat:b", "quotations"])
def test_what_is_offered_passes(offered: Settings, writer: str) -> None:
    assert check_allowed(writer) == writer


@pytest.mark.parametrize(
    "writer", ["openai-chat:a\nb", "openai-chat:\x00", "openai-chat:" + "x" * 200, "openai-chat: "]
)
def test_unusable_names_behind_an_offered_prefix_are_refused(offered: Settings, writer: str) -> None:
    with pytest.raises(Invalid):
        check_allowed(writer)
