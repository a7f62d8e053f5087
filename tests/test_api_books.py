"""Books, storylines, outlines, chapters and exports through the API."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from books.models import Book, BookVersion
from books.preferences.catalogue import PREFERENCES
from chapterflow_site.api import api
from chapterflow_site.api_base.requests import document_of
from chapterflow_site.core.exceptions import TooLarge
from tests.api_world import drive, get, new_book, nodes, patch, post, problem, started
from workflow.actions import start_session

ClientOf = Callable[[User], Client]
BOOK_FIELDS = {
    "book_id",
    "title",
    "subtitle",
    "author",
    "language",
    "description",
    "preferences",
    "writer",
    "versions",
    "created_at",
    "updated_at",
}
LINKED = {
    "format": "chapterflow-storyline/1",
    "book": {"title": "Another title", "preferences": {"tone": "plain"}},
    "nodes": [*nodes(2), {"id": "n3", "summary": "Nobody spoke of the winter."}],
    "links": [{"source_id": "n1", "target_id": "n3", "relationship_type": "CAUSAL_LINK"}],
}


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    return client_of(person)


@pytest.fixture
def book(person: User) -> Book:
    return new_book(person)


def test_book_is_made_and_shown(client: Client, person: User) -> None:
    sent = {"title": "The Ferry House", "author": "Ottilie", "language": "de", "preferences": {"tone": "dry"}}

    made = post(client, "/books", sent)

    shown = get(client, f"/books/{made.json()['book_id']}")
    assert made.status_code == 201
    assert set(shown.json()) == BOOK_FIELDS
    assert made.json() == shown.json()
    assert shown.json()["book_id"] == "the-ferry-house"
    assert shown.json()["versions"] == []
    assert {key: shown.json()[key] for key in sent} == sent
    assert Book.objects.get().owner == person


def test_book_id_may_be_chosen_once(client: Client) -> None:
    assert post(client, "/books", {"book_id": "ferry"}).json()["book_id"] == "ferry"

    problem(post(client, "/books", {"book_id": "ferry"}), 409, "book_id_taken")


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"title": 3}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"titel": "The River"}, "titel"),
        ({"preferences": []}, "preferences"),
        ({"title": None}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"preferences": {"a": {"b": ["\x00"]}}}, "preferences.a.b[0]"),
    ],
)
def test_bad_book_is_refused_with_the_place(client: Client, sent: dict[str, object], place: str) -> None:
    refused = problem(post(client, "/books", sent), 422, "invalid_request")

    assert [error["place"] for error in refused["errors"]] == [place]
    assert not Book.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"title": "a"', 400, "not_json"),
        ("", 422, "invalid_request"),
        ("[]", 422, "invalid_request"),
        ('{"preferences": {"a": NaN}}', 422, "invalid_request"),
        ('{"title": "\\ud800"}', 422, "invalid_request"),
        ("[" * 100_000, 400, "not_json"),
        (b"\xff\xfe", 400, "not_json"),
        (b'{"description": "' + b"x" * 2_000_000 + b'"}', 413, "too_large"),
    ],
)
def test_body_that_cannot_be_used_is_refused(client: Client, body: bytes, status: int, code: str) -> None:
    problem(client.post("/api/books", data=body, content_type="application/json"), status, code)


def test_invalid_book_id_and_language_are_refused(client: Client) -> None:
    problem(post(client, "/books", {"book_id": "The Ferry"}), 422, "invalid_book_id")
    problem(post(client, "/books", {"language": "not a language"}), 422, "invalid_language")


@pytest.mark.parametrize(
    ("made_with", "patched_with", "said", "expected"),
    [
        ({}, {}, "French", "fr"),
        ({"language": ""}, {}, "French", "fr"),
        ({}, {"title": "Otherwise"}, "French", "fr"),
        ({}, {}, "", "en"),
        ({"language": "en"}, {}, "French", "en"),
        ({"language": "de"}, {}, "French", "de"),
        ({}, {"language": "en"}, "French", "en"),
    ],
)
def test_book_without_a_language_takes_that_of_its_storyline(
    client: Client, made_with: dict[str, str], patched_with: dict[str, str], said: str, expected: str
) -> None:
    path = f"/books/{post(client, '/books', {'title': 'Ferry'} | made_with).json()['book_id']}"
    patch(client, path, patched_with)

    post(client, f"{path}/storyline", {"book": {"language": said}, "nodes": nodes()})
    post(client, f"{path}/storyline", {"book": {"language": said and "Italian"}, "nodes": nodes()})

    assert get(client, path).json()["language"] == expected


def test_language_of_what_is_being_written_stays(client: Client, book: Book, person: User) -> None:
    post(client, "/books/river/storyline", {"nodes": nodes()})
    start_session(book.versions.get(), actor=person)

    post(client, "/books/river/storyline", {"book": {"language": "French"}, "nodes": nodes()})

    assert get(client, "/books/river").json()["language"] == "en"


def test_edit_changes_what_is_given_and_nothing_else(client: Client, book: Book) -> None:
    response = patch(client, "/books/river", {"subtitle": "Three voices"})

    assert response.status_code == 200
    assert (response.json()["title"], response.json()["subtitle"]) == ("The River", "Three voices")
    problem(patch(client, "/books/river", {"book_id": "other"}), 422, "invalid_request")


def test_delete_removes_a_book_even_while_it_is_written(client: Client, book: Book) -> None:
    started(client)

    response = client.delete("/api/books/river")

    assert (response.status_code, response.content) == (204, b"")
    assert not Book.objects.exists()
    problem(client.delete("/api/books/river"), 404, "not_found")


def test_list_goes_on_through_next_without_gaps(client: Client, person: User) -> None:
    for number in range(5):
        new_book(person, f"book-{number}")

    page = get(client, "/books", limit=2).json()
    found = [book["book_id"] for book in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        found += [book["book_id"] for book in page["results"]]

    assert found == ["book-4", "book-3", "book-2", "book-1", "book-0"]
    assert set(page) == {"results", "next"}


def test_cursor_of_another_list_is_refused(client: Client, person: User) -> None:
    for number in range(2):
        new_book(person, f"book-{number}")
    following = get(client, "/books", limit=1).json()["next"]

    problem(get(client, "/sessions", cursor=following.partition("cursor=")[2]), 422, "unknown_cursor")
    problem(get(client, "/books", cursor="x"), 422, "unknown_cursor")
    problem(get(client, "/books", limit=0), 422, "invalid_request")


def test_storyline_is_stored_as_the_next_version(client: Client, book: Book) -> None:
    response = post(client, "/books/river/storyline", LINKED)

    made = response.json()
    assert response.status_code == 201
    assert (made["version"], made["book_id"], made["dependencies"]) == ("v1", "river", "sequential")
    assert made["session_id"] is None
    assert made["preferences"] == {"tone": "plain"}
    assert made["outline"][2] == {
        "number": 3,
        "title": "Nobody spoke of the winter.",
        "node": "n3",
        "dependencies": [2],
        "chunk_count": 0,
        "word_count": 5,
    }
    assert set(made["estimate"]) == {
        "words", "seconds", "costs_nothing", "input_tokens", "output_tokens", "cost",
    }  # fmt: skip
    assert made["estimate"]["words"]["low"] <= made["estimate"]["words"]["high"]
    assert get(client, "/books/river/versions/v1").json() == made
    assert get(client, "/books/river").json()["versions"] == ["v1"]


def test_faulty_storyline_is_refused_with_lines(client: Client, book: Book) -> None:
    body = '{"nodes": [\n {"id": "a"},\n {"id": "a"}\n]}'

    response = client.post("/api/books/river/storyline", data=body, content_type="application/json")

    error = problem(response, 422, "storyline_faults")["errors"][0]
    assert (error["place"], error["line"]) == ("nodes[1].id", 3)
    assert not BookVersion.objects.exists()


def test_storyline_larger_than_the_limit_is_refused(client: Client, book: Book, settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_BYTES = 100

    problem(post(client, "/books/river/storyline", LINKED), 413, "too_large")
    problem(post(client, "/books/river/chunks", LINKED), 413, "too_large")
    problem(post(client, "/start-book-generation/river", LINKED), 413, "too_large")

    assert not BookVersion.objects.exists()


def test_body_that_is_announced_as_too_large_is_not_read(settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_BYTES = 100
    request = RequestFactory().post("/", data=b"x" * 101, content_type="application/json")

    with pytest.raises(TooLarge), document_of(request):
        pass

    assert len(request.read()) == 101


def test_body_of_unknown_length_is_read_only_up_to_the_limit(settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_BYTES = 100
    request = RequestFactory().post("/", data=b"x" * 300, content_type="application/json")
    request.META["CONTENT_LENGTH"] = ""

    with pytest.raises(TooLarge), document_of(request):
        pass

    assert len(request.read()) == 300 - 101


def test_form_is_refused_as_a_storyline(client: Client, book: Book) -> None:
    problem(client.post("/api/books/river/storyline", {"a": "b"}), 415, "unsupported_media_type")


def test_large_storyline_is_taken(client: Client, book: Book, example: Callable[[str], bytes]) -> None:
    response = client.post(
        "/api/books/river/storyline", data=example("qmsum-1000.json"), content_type="application/json"
    )

    assert response.status_code == 201
    assert len(response.json()["outline"]) == 1_000


def test_chunks_are_added_once(client: Client, book: Book) -> None:
    chunks = [{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}]

    first = post(client, "/books/river/chunks", chunks)
    second = post(client, "/books/river/chunks", {"chunks": chunks})

    assert first.status_code == second.status_code == 201
    assert first.json() == {"book_id": "river", "chunk_count": 2, "chunk_ids": ["a", "b"]}
    assert book.chunks.count() == 2


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ([{"id": "a"}], "chunks[0].text"),
        ([{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "chunks[1].id"),
        ([{"id": "a", "text": "\x00"}], "chunks[0].text"),
        ([], ""),
        ({"nodes": []}, ""),
        (3, ""),
        (["text"], "chunks[0]"),
    ],
)
def test_bad_chunks_are_refused(client: Client, book: Book, sent: object, place: str) -> None:
    response = client.post("/api/books/river/chunks", data=json.dumps(sent), content_type="application/json")

    errors = problem(response, 422, "storyline_faults")["errors"]
    assert errors[0]["place"] == place
    assert not book.chunks.exists()


def test_fault_in_chunks_has_its_line(client: Client, book: Book) -> None:
    body = '[\n{"id": "a", "text": "x"},\n{"id": "b"}]'

    response = client.post("/api/books/river/chunks", data=body, content_type="application/json")

    assert problem(response, 422, "storyline_faults")["errors"][0]["line"] == 3
    broken = client.post("/api/books/river/chunks", data="[\n{]", content_type="application/json")
    assert problem(broken, 422, "storyline_faults")["errors"][0]["line"] == 2


def test_outline_can_be_changed_until_the_start(client: Client, book: Book, person: User) -> None:
    post(client, "/books/river/storyline", LINKED)

    changed = patch(
        client,
        "/books/river/versions/v1",
        {"dependencies": "graph", "order": ["n2", "n1", "n3"], "preferences": {"tone": "warm"}},
    ).json()

    assert [(chapter["node"], chapter["dependencies"]) for chapter in changed["outline"]] == [
        ("n2", []),
        ("n1", []),
        ("n3", [2]),
    ]
    assert (changed["dependencies"], changed["preferences"]) == ("graph", {"tone": "warm"})
    start_session(BookVersion.objects.get(), actor=person)
    problem(patch(client, "/books/river/versions/v1", {"order": ["n1"]}), 409, "already_started")
    assert get(client, "/books/river/versions/v1").json()["session_id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"order": ["n1"]}, "order_is_no_permutation"),
        ({"dependencies": "circle"}, "unknown_dependencies"),
        ({"order": "n1"}, "invalid_request"),
        ({"dependencies": "graph", "order": ["n3", "n2", "n1"]}, "order_breaks_dependencies"),
    ],
)
def test_impossible_outline_is_refused(
    client: Client, book: Book, change: dict[str, object], code: str
) -> None:
    post(client, "/books/river/storyline", LINKED)
    before = get(client, "/books/river/versions/v1").json()

    problem(patch(client, "/books/river/versions/v1", change), 422, code)

    assert get(client, "/books/river/versions/v1").json() == before


@pytest.mark.parametrize("name", ["v2", "v0", "1", "v01", "vv1", "v1x", "v٣", "v99999999999999999999"])
def test_unknown_version_is_not_found(client: Client, book: Book, name: str) -> None:
    post(client, "/books/river/storyline", nodes())

    problem(get(client, f"/books/river/versions/{name}"), 404, "not_found")


def test_versions_are_listed_newest_first(client: Client, book: Book) -> None:
    for count in (1, 2, 3):
        post(client, "/books/river/storyline", nodes(count))

    page = get(client, "/books/river/versions", limit=2).json()
    rest = client.get(page["next"]).json()

    assert [one["version"] for one in page["results"] + rest["results"]] == ["v3", "v2", "v1"]
    assert [one["chapter_count"] for one in page["results"]] == [3, 2]


def test_chapter_has_the_four_keys_its_history_and_its_sources(client: Client, book: Book) -> None:
    drive(started(client, 1).pk)

    chapter = get(client, "/chapters/river_v1_chapter_1").json()
    history = get(client, "/chapters/river_v1_chapter_1/revisions").json()
    sources = get(client, "/chapters/river_v1_chapter_1/sources").json()

    assert set(chapter) == {"metadata", "content", "source_references", "generation_metadata"}
    assert chapter["metadata"]["chapter_id"] == "river_v1_chapter_1"
    assert chapter["metadata"]["status"] == "completed"
    assert chapter["source_references"]["storyline_node_ids"] == ["n1"]
    newest = history["results"][0]
    assert (newest["is_current"], newest["markdown"]) == (True, chapter["content"]["markdown_text"])
    assert history["next"] is None
    assert set(sources["results"][0]) == {
        "paragraph",
        "quote",
        "chunk_id",
        "text",
        "speaker",
        "source",
        "start_seconds",
        "end_seconds",
    }
    assert sources["results"][0]["chunk_id"] == "c-1"
    assert sources["results"][0]["quote"] in sources["results"][0]["text"]


def test_old_names_of_a_chapter_are_marked_as_deprecated() -> None:
    schemas = api.get_openapi_schema()["components"]["schemas"]

    old = {
        name: [key for key, value in schemas[name]["properties"].items() if value.get("deprecated")]
        for name in ("ChapterMetadata", "ChapterContent", "SourceReferences", "GenerationMetadata")
    }

    assert old == {
        "ChapterMetadata": ["version", "generated_at", "agent"],
        "ChapterContent": ["markdown"],
        "SourceReferences": ["node_ids", "chunk_ids", "confidence"],
        "GenerationMetadata": ["session_id", "generated_at"],
    }


def test_chapter_of_the_api_is_the_chapter_of_the_export(client: Client, book: Book) -> None:
    drive(started(client, 1).pk)

    chapter = get(client, "/chapters/river_v1_chapter_1").json()
    export = json.loads(get(client, "/books/river/versions/v1/export/json").getvalue())

    assert {key: export["chapters"][0][key] for key in chapter} == chapter


def test_unwritten_chapter_is_empty(client: Client, book: Book) -> None:
    started(client, 1)

    chapter = get(client, "/chapters/river_v1_chapter_1").json()

    assert chapter["content"]["markdown_text"] == ""
    assert chapter["metadata"]["status"] == "pending"
    assert get(client, "/chapters/river_v1_chapter_1/sources").json() == {"results": [], "next": None}
    assert get(client, "/chapters/river_v1_chapter_1/revisions").json()["results"] == []
    problem(get(client, "/chapters/river_v1_chapter_2"), 404, "not_found")


@pytest.mark.parametrize(
    ("format", "content_type"),
    [("md", "text/markdown"), ("epub", "application/epub+zip"), ("json", "application/json")],
)
def test_export_is_a_file(client: Client, book: Book, format: str, content_type: str) -> None:
    drive(started(client, 1).pk)

    response = get(client, f"/books/river/versions/v1/export/{format}")

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(content_type)
    assert response.headers["Content-Disposition"] == f'attachment; filename="the-river-v1.{format}"'
    assert response.getvalue()


def test_export_of_nothing_or_in_an_unknown_format_is_refused(client: Client, book: Book) -> None:
    started(client, 1)

    problem(get(client, "/books/river/versions/v1/export/md"), 409, "nothing_written")
    problem(get(client, "/books/river/versions/v1/export/xlsx"), 404, "unknown_format")


def test_preferences_are_checked_and_every_fault_is_named(client: Client, book: Book) -> None:
    post(client, "/books/river/storyline", LINKED)
    sent = {"preferences": {"words_per_chapter": 9, "person": "we", "names": [1]}}

    for refused in (
        patch(client, "/books/river", sent),
        patch(client, "/books/river/versions/v1", sent),
        post(client, "/books", sent),
    ):
        errors = problem(refused, 422, "invalid_preferences")["errors"]
        assert [error["place"] for error in errors] == [
            "preferences.words_per_chapter",
            "preferences.person",
            "preferences.names[0]",
        ]
        assert errors[0]["message"].startswith("9 is below 150.")


def test_book_speaks_for_versions_that_say_nothing(client: Client, book: Book) -> None:
    post(client, "/books/river/storyline", LINKED)

    patch(client, "/books/river", {"preferences": {"tone": "warm", "tense": "past", "mine": {"a": 1}}})

    shown = get(client, "/books/river/versions/v1").json()
    assert shown["preferences"] == {"tone": "plain"}
    assert shown["effective_preferences"] == {"tone": "plain", "tense": "past", "mine": {"a": 1}}
    changed = patch(client, "/books/river/versions/v1", {"preferences": {"tense": None}}).json()
    assert changed["effective_preferences"] == {"tone": "warm", "mine": {"a": 1}}


def test_words_per_chapter_move_the_estimate(client: Client, book: Book) -> None:
    post(client, "/books/river/storyline", LINKED)

    patch(client, "/books/river/versions/v1", {"preferences": {"words_per_chapter": 1_000}})

    shown = get(client, "/books/river/versions/v1", writer="openai:gpt-5").json()
    assert shown["estimate"]["words"]["high"] == 3_900


def test_known_preferences_are_documented(client: Client) -> None:
    schemas = get(client, "/openapi.json").json()["components"]["schemas"]

    for name in ("BookFields", "NewBook", "VersionSummary"):
        described = schemas[name]["properties"]["preferences"]
        assert set(described["properties"]) == {preference.key for preference in PREFERENCES}
        assert described["additionalProperties"] is True
    tense = schemas["BookFields"]["properties"]["preferences"]["properties"]["tense"]
    assert tense["anyOf"][0] == {"type": "string", "enum": ["past", "present"]}


def test_writer_of_a_book_is_one_that_is_offered(client: Client, book: Book) -> None:
    refused = problem(
        patch(client, "/books/river", {"writer": "python:os:system"}), 422, "writer_not_allowed"
    )
    problem(post(client, "/books", {"writer": "openai:gpt-5"}), 422, "writer_not_allowed")

    kept = patch(client, "/books/river", {"writer": "quotations"}).json()

    assert "It offers “quotations”." in refused["detail"]
    assert kept["writer"] == "quotations"
    assert patch(client, "/books/river", {"writer": ""}).json()["writer"] == ""
