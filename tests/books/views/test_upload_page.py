"""The upload page: what is taken, what is refused and how; the sample, the template, the help."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from books.actions import create_book
from books.models import Book, BookVersion

SignedIn = Callable[[User], Client]
GOOD = json.dumps({"book": {"title": "Salt"}, "nodes": [{"id": "a", "summary": "One."}]})
FAULTY = '{"nodes": [\n {"id": "a", "chunk_ids": ["c-9"]},\n {"id": "a"}\n]}'


def file(text: str, name: str = "salt.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def test_file_leads_to_its_outline(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"file": file(GOOD)})

    assert response.headers["Location"] == "/books/salt/v1/outline/"
    assert BookVersion.objects.get().source_name == "salt.json"


def test_pasted_text_leads_to_its_outline(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"text": GOOD})

    assert response.headers["Location"] == "/books/salt/v1/outline/"


def test_htmx_is_told_where_to_go(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"text": GOOD}, headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"] == "/books/salt/v1/outline/"


def test_title_and_author_go_before_the_file(person: User, client_of: SignedIn) -> None:
    client_of(person).post("/upload/", {"text": GOOD, "title": "Wire", "author": "Bridie"})

    assert (Book.objects.get().title, Book.objects.get().author) == ("Wire", "Bridie")


def test_every_fault_is_named_with_its_line(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"file": file(FAULTY)})

    page = response.content.decode()
    assert response.status_code == 422
    assert "2 faults in salt.json" in page
    assert "nodes[0].chunk_ids[0]" in page
    assert 'href="#line-3"' in page
    assert 'id="line-3"' in page
    assert not Book.objects.exists()


def test_pasted_text_is_kept_when_faulty(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"text": FAULTY})

    assert "chunk_ids&quot;: [&quot;c-9&quot;]" in response.content.decode().split("</textarea>")[0]


def test_faults_reach_htmx(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"text": FAULTY}, headers={"HX-Request": "true"})

    assert response.status_code == 200
    assert b"2 faults in the pasted text" in response.content


def test_text_from_an_upload_is_escaped(person: User, client_of: SignedIn) -> None:
    nasty = '{"nodes": [{"id": "<script>alert(1)</script>"}, {"id": "<script>alert(1)</script>"}]}'

    page = client_of(person).post("/upload/", {"text": nasty, "title": "<b>"}).content

    assert b"<script>alert" not in page


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04rest", b"\xff\xfea", b"nonsense", b"[]"])
def test_useless_file_is_refused_with_a_sentence(person: User, client_of: SignedIn, data: bytes) -> None:
    response = client_of(person).post("/upload/", {"file": SimpleUploadedFile("a.json", data)})

    assert response.status_code == 422
    assert b"Nothing was stored" in response.content


def test_nothing_sent_is_refused_with_a_sentence(person: User, client_of: SignedIn) -> None:
    response = client_of(person).post("/upload/", {"text": "  "})

    assert response.status_code == 422
    assert b"Choose a file, or paste the storyline." in response.content


def test_huge_file_is_refused_by_its_size(person: User, client_of: SignedIn, settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_BYTES = 1_000_000

    response = client_of(person).post("/upload/", {"file": file(" " * 1_500_000)})

    assert response.status_code == 413
    assert b"The file has 1.5 MB; this installation takes up to 1 MB." in response.content


def test_upload_to_a_book_is_its_next_version(person: User, client_of: SignedIn) -> None:
    client = client_of(person)
    client.post("/upload/", {"text": GOOD})

    response = client.post("/upload/", {"text": GOOD, "book": "salt"})

    assert response.headers["Location"] == "/books/salt/v2/outline/"
    assert Book.objects.count() == 1


def test_book_of_somebody_else_is_not_there(person: User, stranger: User, client_of: SignedIn) -> None:
    create_book(actor=stranger, title="Salt")
    client = client_of(person)

    assert client.get("/upload/?book=salt").status_code == 404
    assert client.post("/upload/", {"text": GOOD, "book": "salt"}).status_code == 404


def test_sample_leads_to_its_outline(person: User, client_of: SignedIn) -> None:
    client = client_of(person)

    first = client.post("/sample/").headers["Location"]

    assert first == "/books/the-ferry-house/v1/outline/"
    assert client.post("/sample/").headers["Location"] == first
    assert client.get(first).status_code == 200


def test_template_is_a_good_upload(person: User, client_of: SignedIn) -> None:
    client = client_of(person)
    template = client.get("/upload/template.json")

    assert "attachment" in template.headers["Content-Disposition"]
    assert client.post("/upload/", {"text": template.content.decode()}).status_code == 302


def test_help_can_be_read_without_signing_in(db: None, client: Client) -> None:
    assert client.get("/help/").status_code == 200


def test_upload_needs_somebody_signed_in(db: None, client: Client) -> None:
    assert client.post("/upload/", {"text": GOOD}).headers["Location"].startswith("/sign-in/")
    assert not Book.objects.exists()


def test_outline_tells_what_of_the_upload_was_not_read(person: User, client_of: SignedIn) -> None:
    client = client_of(person)
    data = {"nodes": [{"id": "a", "summary": "One.", "moood": "<b>"}]}

    page = client.post("/upload/", {"text": json.dumps(data)}, follow=True).content.decode()

    assert "Not everything in the upload was read" in page
    assert "“moood” in 1 of the nodes is kept, but not read." in page
    assert "This book has no source text" in page


def test_outline_tells_what_was_read_under_another_name(person: User, client_of: SignedIn) -> None:
    table = "Id,Label,Weight\na,The river,0.4\nb,The ferry,0.9\n"

    page = client_of(person).post("/upload/", {"text": table}, follow=True).content.decode()

    assert "Some keys of the upload have other names here" in page
    assert "“Weight” is read as “centrality_score”" in page
    assert "Not everything in the upload was read" not in page


def test_outline_of_a_book_that_was_read_whole_has_no_notice(person: User, client_of: SignedIn) -> None:
    data = [{"id": "a", "chunks": [{"id": "c", "text": "The ferry lay in the ice."}]}]

    page = client_of(person).post("/upload/", {"text": json.dumps(data)}, follow=True).content

    assert b"upload-notices" not in page


def test_api_tells_what_of_the_upload_was_not_read(person: User, client_of: SignedIn) -> None:
    client = client_of(person)
    create_book(actor=person, title="Salt", book_id="salt")
    nodes = [{"id": "a", "summary": "One.", "sumary": "Two."}]

    sent = {"data": json.dumps(nodes), "content_type": "application/json"}
    stored = client.post("/api/books/salt/storyline", **sent).json()
    started = client.post("/api/start-book-generation/salt", **sent).json()

    assert [notice["code"] for notice in stored["notices"]] == ["no_source_text", "not_read"]
    assert stored["notices"][1]["message"].endswith("Did you mean “summary”?")
    assert started["message"] == f"1 chapter will be written. {stored['notices'][1]['message']}"
