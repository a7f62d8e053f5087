"""What the writer is asked for, on the outline page: shown, saved, refused, fixed after the start."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from books.actions import edit_book, upload_storyline
from books.models import BookVersion
from books.preferences.catalogue import BY_KEY
from books.preferences.rule import preferences_of
from books.views.preferences_form import PreferencesForm
from workflow.actions import start_session

SignedIn = Callable[[User], Client]
OUTLINE = "/books/salt/v1/outline/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def version(person: User) -> BookVersion:
    data = {
        "book": {"title": "Salt", "preferences": {"tone": "stiff", "house_style": "x"}},
        "nodes": [{"id": "n1", "title": "The Bell", "chunk_ids": ["c1"]}],
        "chunks": [{"id": "c1", "text": "one two three " * 2_000}],
    }
    return upload_storyline(json.dumps(data), actor=person)


def save(client: Client, *, htmx: bool = False, **wishes: str) -> tuple[int, str]:
    fields = {"preferences": "yes", **{f"wish-{key}": value for key, value in wishes.items()}}
    response = client.post(OUTLINE + "edit/", fields, headers=HTMX if htmx else {}, follow=True)
    return response.status_code, response.content.decode()


def test_every_preference_can_be_said(version: BookVersion, person: User, client_of: SignedIn) -> None:
    status, page = save(
        client_of(person),
        words_per_chapter="800",
        language="de",
        audience="all",
        person="third",
        tense="past",
        tone="warm",
        style_notes="Short.\nNo jokes.",
        names="Ottilie, not Otilie\r\nLinnow",
        leave_out="the divorce",
    )

    version.refresh_from_db()
    assert status == 200
    assert "What the writer is asked for was saved." in page
    assert version.preferences == {
        "house_style": "x",
        "words_per_chapter": 800,
        "language": "de",
        "audience": "all",
        "person": "third",
        "tense": "past",
        "tone": "warm",
        "style_notes": "Short.\nNo jokes.",
        "names": ["Ottilie, not Otilie", "Linnow"],
        "leave_out": ["the divorce"],
    }
    assert "Ottilie, not Otilie\nLinnow</textarea>" in page
    assert "2 names to keep" in page


def test_each_preference_has_one_field_in_one_group() -> None:
    rows = PreferencesForm().rows()

    asked = [field.name for group in rows.values() for row in group for field in row]
    assert sorted(asked) == sorted(BY_KEY)
    assert ["person", "tense"] in [[field.name for field in row] for row in rows["voice"]]


def test_emptied_field_asks_for_nothing_even_where_the_book_does(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    edit_book(version.book, actor=person, preferences={"tone": "warm", "tense": "past"})

    save(client_of(person), tense="past")

    version.refresh_from_db()
    assert preferences_of(version) == {"tense": "past", "house_style": "x"}
    assert "tense" not in version.preferences


def test_faults_stand_beside_their_fields_and_nothing_is_saved(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)

    status, page = save(client, words_per_chapter="9", tone="x" * 501, names="y" * 121)

    version.refresh_from_db()
    assert status == 422
    assert 'id="id_wish-words_per_chapter_error"' in page
    assert "9 is below 150. Write a whole number from 150 to 5,000, or leave it out." in page
    assert page.count('aria-invalid="true"') == 3
    assert version.preferences["tone"] == "stiff"
    assert save(client, htmx=True, words_per_chapter="9")[0] == 200


def test_saving_with_htmx_says_so_and_moves_the_estimate(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)
    before = client.get(OUTLINE).content.decode()

    status, parts = save(client, htmx=True, words_per_chapter="2000")

    assert status == 200
    assert "<strong>Saved</strong>" in parts
    assert 'role="status" id="outline-saved">What the writer is asked for was saved.' in parts
    assert "500 to 900 words" in before
    assert "1,100 to 2,000 words" in parts
    assert "<html" not in parts


def test_page_says_what_quotations_do_not_ask(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)

    quotations = client.get(OUTLINE).content.decode()
    model = client.get(OUTLINE, {"writer": "openai:gpt-5"}, headers=HTMX).content.decode()

    assert "nothing in this column applies to them" in quotations
    assert 'id="preferences-unused"></p>' in model
    assert 'id="preferences-used"></p>' in model


def test_what_the_book_says_is_named_as_such(version: BookVersion, person: User, client_of: SignedIn) -> None:
    edit_book(version.book, actor=person, preferences={"tense": "past"})

    page = client_of(person).get(OUTLINE).content.decode()

    assert "Said of the whole book, until you say otherwise here: Tense." in page
    assert "The file has 1 more preference of its own." in page


def test_second_version_says_where_its_preferences_come_from(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)
    client.post("/upload/", {"book": "salt", "text": '[{"id": "n1", "summary": "Salt."}]'})

    page = client.get("/books/salt/v2/outline/").content.decode()

    assert "This version began with the preferences of the one before it" in page
    assert "stiff</textarea>" in page
    assert "stays as it was in the newest version" in client.get("/upload/?book=salt").content.decode()


def test_started_version_shows_them_and_takes_no_others(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    start_session(version, actor=person)
    client = client_of(person)

    page = client.get(OUTLINE).content.decode()

    assert "<dt>Tone</dt><dd>stiff</dd>" in page
    assert "wish-tone" not in page
    assert save(client, tone="warm")[0] == 409


def test_hostile_preferences_are_shown_as_text(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)

    save(client, tone='"><script>alert(1)</script>', names="</textarea><img src=x onerror=alert(1)>")
    page = client.get(OUTLINE).content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_others_cannot_change_them(version: BookVersion, stranger: User, client_of: SignedIn) -> None:
    assert save(client_of(stranger), tone="warm")[0] == 404
