"""The outline page: what it shows, how chapters are moved, what is fixed after the start."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from books.actions import edit_outline, upload_storyline
from books.models import BookVersion
from books.sources import rules_of
from workflow.actions import start_session

SignedIn = Callable[[User], Client]
OUTLINE = "/books/salt/v1/outline/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def version(person: User) -> BookVersion:
    """Four chapters, each continuing the one before it; the last without a source."""
    titles = ["The Bell", "Flood Year", "Two Doors", "The Bridge"]
    nodes: list[dict[str, object]] = [
        {"id": f"n{i}", "title": title, "centrality_score": 1 - i / 10, "chunk_ids": [f"c{i}"]}
        for i, title in enumerate(titles, 1)
    ]
    nodes[-1].pop("chunk_ids")
    chunks = [{"id": f"c{i}", "text": "one two three " * i} for i in range(1, 4)]
    links = [
        {"source_id": f"n{i}", "target_id": f"n{i + 1}", "relationship_type": "CAUSAL_LINK"}
        for i in (1, 2, 3)
    ]
    data = {"book": {"title": "Salt"}, "nodes": nodes, "chunks": chunks, "links": links}
    return upload_storyline(json.dumps(data), actor=person)


def order_of(version: BookVersion) -> list[str]:
    return list(version.nodes.order_by("place").values_list("key", flat=True))


def test_page_shows_chapters_and_estimate(version: BookVersion, person: User, client_of: SignedIn) -> None:
    page = client_of(person).get(OUTLINE).content.decode()

    assert page.index("The Bell") < page.index("Flood Year") < page.index("The Bridge")
    assert "3 passages, 18 words" in page
    assert "1 chapter has no source text" in page
    assert "Hold what depends on it" in page
    assert "Selected quotations, no AI" in page


def test_queries_do_not_grow_with_chapters(
    person: User, client_of: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    nodes = [{"id": f"n{i}", "chunk_ids": ["c1"]} for i in range(100)]
    data = {"book": {"title": "Long"}, "nodes": nodes, "chunks": [{"id": "c1", "text": "one"}]}
    upload_storyline(json.dumps(data), actor=person)
    client = client_of(person)

    with django_assert_max_num_queries(12):
        client.get("/books/long/v1/outline/")


def test_others_do_not_see_it(version: BookVersion, stranger: User, client_of: SignedIn) -> None:
    client = client_of(stranger)

    assert client.get(OUTLINE).status_code == 404
    for address in ("edit/", "move/"):
        assert client.post(OUTLINE + address, {"down": "n1", "title": "Mine"}).status_code == 404
    assert order_of(version) == ["n1", "n2", "n3", "n4"]


def test_button_moves_a_chapter(version: BookVersion, person: User, client_of: SignedIn) -> None:
    response = client_of(person).post(OUTLINE + "move/", {"down": "n1"})

    assert response.headers["Location"] == OUTLINE + "#chapter-2"
    assert order_of(version) == ["n2", "n1", "n3", "n4"]


def test_drop_moves_a_chapter_to_its_place(version: BookVersion, person: User, client_of: SignedIn) -> None:
    response = client_of(person).post(OUTLINE + "move/", {"node": "n4", "to": "2"}, headers=HTMX)

    assert [part[:1] for part in response.content.decode().split('id="chapter-')[1:]] == ["2", "3", "4"]
    assert order_of(version) == ["n1", "n4", "n2", "n3"]


@pytest.mark.parametrize(
    "fields", [{}, {"node": "n1"}, {"node": "n1", "to": "x"}, {"node": "n1", "to": "9" * 50}]
)
def test_senseless_move_changes_nothing(
    version: BookVersion, person: User, client_of: SignedIn, fields: dict[str, str]
) -> None:
    assert client_of(person).post(OUTLINE + "move/", fields).status_code == 302
    assert order_of(version) == ["n1", "n2", "n3", "n4"]


def test_forbidden_move_is_explained_and_put_back(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    edit_outline(version, actor=person, dependencies="graph")

    page = client_of(person).post(OUTLINE + "move/", {"node": "n3", "to": "1"}, headers=HTMX).content.decode()

    assert "“Two Doors” would come before “Flood Year”, on which it depends." in page
    assert order_of(version) == ["n1", "n2", "n3", "n4"]


def test_forbidden_move_is_explained_without_script(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    edit_outline(version, actor=person, dependencies="graph")

    response = client_of(person).post(OUTLINE + "move/", {"up": "n2"}, follow=True)

    assert "It was put back." in response.content.decode()


def test_buttons_that_would_break_a_link_are_off(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client = client_of(person)
    before = client.get(OUTLINE).content.count(b" disabled>")

    page = client.post(OUTLINE + "edit/", {"dependencies": "graph"}, headers=HTMX).content

    assert page.count(b" disabled>") == before + 6


def test_dependencies_are_switched(version: BookVersion, person: User, client_of: SignedIn) -> None:
    client_of(person).post(OUTLINE + "edit/", {"dependencies": "graph"})

    version.refresh_from_db()
    assert version.dependencies == "graph"


def test_unknown_dependencies_are_refused(version: BookVersion, person: User, client_of: SignedIn) -> None:
    assert client_of(person).post(OUTLINE + "edit/", {"dependencies": "moon"}).status_code == 422


def test_description_is_saved(version: BookVersion, person: User, client_of: SignedIn) -> None:
    fields = {"title": "Salt and Wire", "author": "Bridie", "language": "de"}

    client_of(person).post(OUTLINE + "edit/", fields)

    version.refresh_from_db()
    assert (version.book.title, version.book.author, version.book.language) == (
        "Salt and Wire",
        "Bridie",
        "de",
    )


def test_labels_that_stand_only_in_a_text_are_asked_about(person: User, client_of: SignedIn) -> None:
    said = "Speaker 1: Where were you born?\nANN: In Hull.\nSpeaker 2: She was not."
    data = {"book": {"title": "Salt"}, "nodes": [{"id": "a", "chunks": [{"id": "c1", "text": said}]}]}
    version = upload_storyline(json.dumps(data), actor=person)
    client = client_of(person)

    page = client.get(OUTLINE).content.decode()
    client.post(OUTLINE + "edit/", {"speakers": "yes", "label": "Speaker 1", "name": "Bridie"})

    chunk = version.book.chunks.get()
    version.refresh_from_db()
    assert ("“Where were you born?”" in page, "“She was not.”" in page) == (True, True)
    assert 'name="label" value="ANN"' not in page
    assert rules_of(version).text(chunk.spoken).startswith("Bridie: Where were you born?\nANN: ")
    assert rules_of(version).turn(chunk, "In Hull.")[0] == ""


def test_language_that_was_left_as_it_stood_gives_way_to_a_storyline(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    client_of(person).post(OUTLINE + "edit/", {"title": "Salt and Wire", "author": "", "language": "en"})

    data = json.dumps({"book": {"language": "de"}, "nodes": [{"id": "n1"}]})
    upload_storyline(data, actor=person, book=version.book)

    version.book.refresh_from_db()
    assert (version.book.title, version.book.language) == ("Salt and Wire", "de")


@pytest.mark.parametrize("fields", [{"title": ""}, {"title": "a", "language": "!"}])
def test_unusable_description_is_shown_again(
    version: BookVersion, person: User, client_of: SignedIn, fields: dict[str, str]
) -> None:
    response = client_of(person).post(OUTLINE + "edit/", fields)

    version.book.refresh_from_db()
    assert response.status_code == 422
    assert b"is-fault" in response.content or b"notice--failed" in response.content
    assert version.book.title == "Salt"


def test_start_leads_to_the_board(version: BookVersion, person: User, client_of: SignedIn) -> None:
    options = {"writer": "quotations", "dependencies": "graph", "on_failure": "hold"}

    response = client_of(person).post("/books/salt/v1/start/", options)

    version.refresh_from_db()
    assert response.headers["Location"] == "/books/salt/v1/board/"
    assert version.is_started
    assert version.session.dependencies == "graph"


def test_started_outline_can_only_be_read(version: BookVersion, person: User, client_of: SignedIn) -> None:
    start_session(version, actor=person)
    client = client_of(person)

    page = client.get(OUTLINE).content.decode()

    assert "/books/salt/v1/chapters/1/" in page
    assert "Start writing" not in page
    assert "data-handle" not in page
    assert client.post(OUTLINE + "move/", {"down": "n1"}).status_code == 409
    assert client.post(OUTLINE + "edit/", {"dependencies": "graph"}).status_code == 409


def test_title_of_a_started_book_can_still_be_changed(
    version: BookVersion, person: User, client_of: SignedIn
) -> None:
    start_session(version, actor=person)

    client_of(person).post(OUTLINE + "edit/", {"title": "Salt and Wire", "language": "en"})

    version.book.refresh_from_db()
    assert version.book.title == "Salt and Wire"


LONG = "/books/long/v1/outline/"


@pytest.fixture
def long_version(person: User) -> BookVersion:
    """A hundred and twenty chapters; in graph mode the 60th waits for the 10th, and the 110th for the 60th."""
    nodes = [
        {"id": f"n{i}", "title": f"Title {i}", "chunk_ids": ["c1"], "centrality_score": 1 - i / 1000}
        for i in range(1, 121)
    ]
    links = [
        {"source_id": f"n{a}", "target_id": f"n{b}", "relationship_type": "CAUSAL_LINK"}
        for a, b in ((10, 60), (60, 110))
    ]
    data = {
        "book": {"title": "Long"},
        "nodes": nodes,
        "links": links,
        "chunks": [{"id": "c1", "text": "one"}],
    }
    return upload_storyline(json.dumps(data), actor=person)


def rows_in(page: str) -> list[int]:
    return [int(part.split('"')[0]) for part in page.split('id="chapter-')[1:]]


def test_a_long_outline_comes_in_groups(long_version: BookVersion, person: User, client_of: SignedIn) -> None:
    client = client_of(person)

    first = client.get(LONG).content.decode()
    third = client.get(f"{LONG}?group=3").content.decode()
    fetched = client.get(f"{LONG}?group=2&part=rows", headers=HTMX).content.decode()

    assert rows_in(first) == list(range(1, 51))
    assert "51 to 100" in first
    assert "Title 51 … Title 100" in first
    assert 'href="?group=2#outline-group-2"' in first
    assert rows_in(third) == list(range(101, 121))
    assert rows_in(fetched) == list(range(51, 101))
    assert "<html" not in fetched


@pytest.mark.parametrize("group", ["0", "4", "x", "-1", "²", "9" * 30])
def test_a_group_that_is_not_there_is_the_first(
    long_version: BookVersion, person: User, client_of: SignedIn, group: str
) -> None:
    assert rows_in(client_of(person).get(LONG, {"group": group}).content.decode())[0] == 1


def test_a_short_outline_has_no_groups(version: BookVersion, person: User, client_of: SignedIn) -> None:
    page = client_of(person).get(OUTLINE).content.decode()

    assert "outline-group" not in page
    assert "Move to…" not in page


def test_a_chapter_is_moved_to_the_place_that_is_typed(
    long_version: BookVersion, person: User, client_of: SignedIn
) -> None:
    fields = {"chapter": "110", "to": "2", "group": ["1", "2"]}

    page = client_of(person).post(f"{LONG}move/", fields, headers=HTMX).content.decode()

    assert order_of(long_version)[:3] == ["n1", "n110", "n2"]
    assert rows_in(page) == list(range(2, 101))
    assert "“Title 110” is chapter 2 now." in page
    assert 'href="?group=1#chapter-2"' in page
    assert "Title 1 … Title 49" in page
    assert "Title 100 … Title 120" in page


def test_a_move_sends_only_what_is_shown_and_changed(
    long_version: BookVersion, person: User, client_of: SignedIn
) -> None:
    fields = {"chapter": "120", "to": "118", "group": ["1", "3"]}

    page = client_of(person).post(f"{LONG}move/", fields, headers=HTMX).content.decode()

    assert rows_in(page) == [118, 119, 120]


def test_a_move_without_script_leads_to_the_group(
    long_version: BookVersion, person: User, client_of: SignedIn
) -> None:
    response = client_of(person).post(f"{LONG}move/", {"chapter": "2", "to": "77"})

    assert response.headers["Location"] == f"{LONG}?group=2#chapter-77"


def test_a_move_that_breaks_a_link_says_where_the_chapter_can_stand(
    long_version: BookVersion, person: User, client_of: SignedIn
) -> None:
    edit_outline(long_version, actor=person, dependencies="graph")
    client = client_of(person)

    beside = client.post(f"{LONG}move/", {"chapter": "60", "to": "5"}, headers=HTMX).content.decode()
    plain = client.post(f"{LONG}move/", {"chapter": "60", "to": "115"}, follow=True).content.decode()

    assert "“Title 60” would come before “Title 10”, on which it depends." in beside
    assert rows_in(beside) == []
    for page in (beside, plain):
        assert "It can stand from 11 to 109." in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"chapter": "121", "to": "1"}, "Name the chapter by its number, from 1 to 120."),
        ({"chapter": "", "to": "1"}, "Name the chapter by its number, from 1 to 120."),
        ({"chapter": "3", "to": "x"}, "Say where the chapter should stand, by a number from 1 to 120."),
    ],
)
def test_a_move_that_cannot_be_read_is_said(
    long_version: BookVersion, person: User, client_of: SignedIn, fields: dict[str, str], said: str
) -> None:
    page = client_of(person).post(f"{LONG}move/", fields, headers=HTMX).content.decode()

    assert said in page
    assert order_of(long_version)[:3] == ["n1", "n2", "n3"]


def test_a_started_long_outline_is_in_groups_too(
    long_version: BookVersion, person: User, client_of: SignedIn
) -> None:
    start_session(long_version, actor=person)

    page = client_of(person).get(f"{LONG}?group=2").content.decode()

    assert rows_in(page) == list(range(51, 101))
    assert "Move to…" not in page
