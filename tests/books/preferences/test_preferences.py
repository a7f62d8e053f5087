"""Preferences: what is taken and in which form, what is refused and how it is told, which ones hold."""

import json

import pytest
from django.contrib.auth.models import User

from books.actions import create_book, edit_book, edit_outline, upload_storyline
from books.models import Book, BookVersion
from books.preferences.catalogue import PREFERENCES
from books.preferences.reading import KeptName, kept_names, left_out_terms, wanted_words
from books.preferences.rule import first_preferences, own_preferences, preferences_of
from books.storyline import StorylineFaults, read_storyline
from books.storyline.elements.preferences import PreferenceFaults, checked_preferences
from workflow.actions import start_session

WISHES: dict[str, object] = {
    "words_per_chapter": 1200,
    "language": "German, Swiss spelling",
    "audience": "the grandchildren",
    "person": "as the speakers do",
    "tense": "past",
    "tone": "Plain and warm.",
    "style_notes": "Short sentences.\nNo jokes.",
    "names": ["Ottilie, not Otilie", "Linnow"],
    "leave_out": ["the divorce"],
}


def uploaded(person: User, book: Book | None = None, **preferences: object) -> BookVersion:
    data = {
        "book": {"title": "Salt", "preferences": preferences},
        "nodes": [{"id": "n1", "summary": "Salt."}],
    }
    return upload_storyline(json.dumps(data), actor=person, book=book)


# ------------------------------------------------------------------ checking


def test_every_known_preference_is_taken_as_it_is() -> None:
    assert set(WISHES) == {preference.key for preference in PREFERENCES}
    assert checked_preferences(WISHES) == WISHES
    assert checked_preferences(checked_preferences(WISHES)) == WISHES


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"person": "Third person"}, {"person": "third"}),
        ({"person": "as_the_speakers_do"}, {"person": "as the speakers do"}),
        ({"tense": "Present tense"}, {"tense": "present"}),
        ({"words_per_chapter": 900.0}, {"words_per_chapter": 900}),
        ({"notes": "No jokes."}, {"style_notes": "No jokes."}),
        ({"notes": "No jokes.", "style_notes": "Short."}, {"style_notes": "Short.\nNo jokes."}),
        ({"names": "Ottilie, not Otilie\n\n Linnow "}, {"names": ["Ottilie, not Otilie", "Linnow"]}),
        ({"names": {"Otilie": "Ottilie"}}, {"names": ["Ottilie, not Otilie"]}),
        ({"names": ["Linnow", {"Otilie": "Ottilie"}]}, {"names": ["Linnow", "Ottilie, not Otilie"]}),
        ({"leave_out": "the divorce\naddresses"}, {"leave_out": ["the divorce", "addresses"]}),
        ({"tone": "  two \n lines "}, {"tone": "two lines"}),
        ({"tone": "", "names": [], "person": " ", "leave_out": "\n"}, {}),
        ({"tone": None}, {"tone": None}),
        ({"house_style": {"dashes": ["en", 3, None]}}, {"house_style": {"dashes": ["en", 3, None]}}),
        ({"writer": "python:os:system"}, {"writer": "python:os:system"}),
    ],
)
def test_other_ways_of_writing_come_into_one_form(given: dict[str, object], taken: dict[str, object]) -> None:
    assert checked_preferences(given) == taken


@pytest.mark.parametrize(
    ("given", "place", "says"),
    [
        ({"words_per_chapter": 149}, "words_per_chapter", "149 is below 150. Write a whole number from 150"),
        ({"words_per_chapter": 5001}, "words_per_chapter", "5001 is above 5,000."),
        ({"words_per_chapter": "900"}, "words_per_chapter", "is text, not a number"),
        ({"words_per_chapter": True}, "words_per_chapter", "true is not a number"),
        ({"words_per_chapter": 900.5}, "words_per_chapter", "is not a whole number"),
        ({"words_per_chapter": float("nan")}, "words_per_chapter", "NaN is not a number"),
        ({"words_per_chapter": 10**5000}, "words_per_chapter", "too large"),
        ({"person": "second"}, "person", "“first”, “third” or “as the speakers do”"),
        ({"tense": ["past"]}, "tense", "A list is not text"),
        ({"tone": "x" * 501}, "tone", "501 characters"),
        ({"style_notes": {"a": 1}}, "style_notes", "An object is not text"),
        ({"names": [7]}, "names[0]", "7 is not text"),
        ({"names": [["Ottilie"]]}, "names[0]", "A list is not text"),
        ({"names": {"Otilie": None}}, "names.Otilie", "null is not a spelling"),
        ({"names": ["x" * 121]}, "names[0]", "121 characters"),
        ({"names": [f"Name{n}" for n in range(201)]}, "names", "There are 201 entries. At most 200 fit."),
        ({"leave_out": {"a": "b"}}, "leave_out", "An object is not text"),
        ({"leave_out": [f"word {n}" for n in range(101)]}, "leave_out", "At most 100 fit"),
        ({"tone": "a\x00b"}, "tone", "cannot be stored"),
        ({"house": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "house.a.b.c.d.e", "inside one another"),
        ({"house": "x" * 20_001}, "", "At most 20,000 are kept"),
        ([], "", "A list is not an object"),
        ({f"key{n}": 1 for n in range(51)}, "", "At most 50 are kept"),
    ],
)
def test_fault_is_told_with_its_place(given: object, place: str, says: str) -> None:
    with pytest.raises(PreferenceFaults) as refusal:
        checked_preferences(given)

    fault = refusal.value.faults[0]
    assert fault.place == ".".join(filter(None, ["preferences", place]))
    assert says in fault.message


def test_upload_names_all_faults_at_once_with_lines() -> None:
    text = (
        '{"nodes": [{"id": "n"}, {"id": "n"}],\n'
        '"book": {"preferences": {\n"words_per_chapter": 9,\n"person": "we",\n"names": [1, 2]}}}'
    )

    with pytest.raises(StorylineFaults) as refusal:
        read_storyline(text)

    assert [(fault.place, fault.line) for fault in refusal.value.faults] == [
        ("nodes[1].id", 1),
        ("book.preferences.words_per_chapter", 3),
        ("book.preferences.person", 4),
        ("book.preferences.names[0]", 5),
        ("book.preferences.names[1]", 5),
    ]


def test_actions_refuse_what_an_upload_would_refuse(person: User) -> None:
    version = uploaded(person)

    for change in (
        lambda: edit_outline(version, actor=person, preferences={"tense": "future"}),
        lambda: edit_book(version.book, actor=person, preferences={"tense": "future"}),
        lambda: create_book(actor=person, preferences={"tense": "future"}),
    ):
        with pytest.raises(PreferenceFaults, match=r"preferences\.tense: “future” is not one of the choices"):
            change()


# ------------------------------------------------------------------ reading


def test_kept_names_know_what_they_must_not_become() -> None:
    names = kept_names(
        {"names": ["Ottilie, not Otilie or Ottilia", "Linnow", {"Emma": "Emm"}, "Ottilie, not Tilly"]}
    )

    assert names == (
        KeptName("Ottilie", ("Otilie", "Ottilia", "Tilly")),
        KeptName("Linnow"),
        KeptName("Emm", ("Emma",)),
    )


@pytest.mark.parametrize("odd", [None, 7.5, "", [], [None], {"a": 3}, [[[]]]])
def test_odd_values_in_older_rows_are_no_names_and_terms(odd: object) -> None:
    assert kept_names({"names": odd}) == ()
    assert left_out_terms({"leave_out": odd}) == ()


@pytest.mark.parametrize("odd", [None, "many", "9" * 30, "nan", float("inf"), True, [900], {}])
def test_odd_number_of_words_is_the_default(odd: object) -> None:
    assert wanted_words({"words_per_chapter": odd}) == 900


# ------------------------------------------------------------------ which ones hold


def test_version_goes_before_its_book_and_null_silences_it(person: User) -> None:
    version = uploaded(person, tone="dry", audience=None)
    edit_book(version.book, actor=person, preferences={"tone": "warm", "audience": "all", "tense": "past"})

    assert preferences_of(version) == {"tone": "dry", "tense": "past"}


def test_next_version_starts_with_the_last_ones_unless_the_upload_differs(person: User) -> None:
    first = uploaded(person, tone="dry", tense="past")
    edit_outline(first, actor=person, preferences={"tone": "dry", "tense": "past", "names": ["Emm"]})

    second = uploaded(person, first.book, tone="warm", tense=None)

    assert preferences_of(second) == {"tone": "warm", "names": ["Emm"]}


def test_own_preferences_are_only_what_differs_from_the_book(person: User) -> None:
    version = uploaded(person)
    edit_book(version.book, actor=person, preferences={"tone": "warm", "tense": "past"})

    version.preferences = own_preferences(version, {"tone": "warm", "names": ["Emm"]})

    assert version.preferences == {"names": ["Emm"], "tense": None}
    assert preferences_of(version) == {"tone": "warm", "names": ["Emm"]}


def test_preferences_are_fixed_when_the_writing_starts(person: User) -> None:
    version = uploaded(person, tone="dry")
    edit_book(version.book, actor=person, preferences={"tense": "past"})
    start_session(version, actor=person)

    edit_book(version.book, actor=person, preferences={"tense": "present", "tone": "warm"})

    version.refresh_from_db()
    assert preferences_of(version) == {"tone": "dry", "tense": "past"}
    assert preferences_of(uploaded(person, version.book)) == {"tone": "dry", "tense": "present"}


def test_notes_of_older_rows_are_read_as_notes_on_style() -> None:
    older = BookVersion(book=Book(preferences={"notes": "Short."}), preferences={"notes": "No jokes."})

    assert preferences_of(older) == {"style_notes": "No jokes."}
    assert first_preferences(older, {}) == {"style_notes": "No jokes."}


def test_upload_cannot_choose_the_writer(person: User) -> None:
    data = {
        "book": {
            "title": "Salt",
            "writer": "python:os:system",
            "preferences": {"writer": "python:os:system"},
        },
        "nodes": [{"id": "n1", "summary": "Salt."}],
        "writer": "python:os:system",
    }

    version = upload_storyline(json.dumps(data), actor=person)
    session, _ = start_session(version, actor=person)

    assert (version.book.writer, session.writer) == ("", "quotations")
