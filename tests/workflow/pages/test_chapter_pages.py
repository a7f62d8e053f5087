"""The pages of reading and of a chapter: what they show, to whom, and for how many queries."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape, strip_tags

from books.models import Book, BookVersion, Origin
from tests.books.factories import add_chapter, make_version, write_text, written_book
from workflow.models import (
    Attempt,
    ChapterWorkflowItem,
    HarmonizationChange,
    ItemDependency,
    ProcessingSession,
)

ClientOf = Callable[[User], Client]
PAGES = (
    "read/",
    "read/1/",
    "chapters/1/",
    "chapters/1/sources/",
    "chapters/1/attempts/",
    "chapters/1/revisions/",
    "chapters/1/metrics/",
)


def address(version: BookVersion, path: str) -> str:
    return f"/books/{version.book.book_id}/v{version.number}/{path}"


def page_of(client: Client, version: BookVersion, path: str) -> str:
    response = client.get(address(version, path))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def reader(person: User, client_of: ClientOf) -> Client:
    """The client of the person whose books they are."""
    return client_of(person)


def set_item(version: BookVersion, number: int, **columns: object) -> ChapterWorkflowItem:
    ChapterWorkflowItem.objects.filter(session__version=version, number=number).update(**columns)
    return ChapterWorkflowItem.objects.get(session__version=version, number=number)


@pytest.mark.parametrize("path", PAGES)
def test_a_books_own_words_run_as_they_are_written(person: User, reader: Client, path: str) -> None:
    version = written_book(person, 2, language="ar")

    html = page_of(reader, version, path)

    assert 'lang="ar" dir="rtl"' in html
    assert not re.findall(r'(?<!html) lang="en"(?! dir="ltr")', html)


def test_passages_run_as_their_own_words_do(person: User, reader: Client) -> None:
    html = page_of(reader, written_book(person, 1, language="de"), "chapters/1/sources/")

    assert '<blockquote lang="de" dir="auto">' in html


@pytest.mark.parametrize("path", [*PAGES, "export/md/"])
def test_other_peoples_books_do_not_exist(
    person: User, stranger: User, client_of: ClientOf, path: str
) -> None:
    version = written_book(person, 1)

    assert client_of(stranger).get(address(version, path)).status_code == 404


@pytest.mark.parametrize("path", [*PAGES, "export/md/"])
def test_pages_ask_for_a_sign_in(person: User, path: str) -> None:
    response = Client().get(address(written_book(person, 1), path))

    assert response.status_code == 302
    assert "sign-in" in response["Location"]


@pytest.mark.parametrize("path", ["read/9/", "chapters/9/", "chapters/0/sources/"])
def test_chapter_that_is_not_there_is_404(person: User, reader: Client, path: str) -> None:
    assert reader.get(address(written_book(person, 1), path)).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_inline_script_or_style(person: User, reader: Client, path: str) -> None:
    html = page_of(reader, written_book(person, 2), path)

    assert " style=" not in html
    assert " onclick=" not in html
    assert "<script>" not in html
    assert html.count("<h1") == 1


def test_title_page_names_the_book_its_voices_and_its_chapters(person: User, reader: Client) -> None:
    version = written_book(person, 3, unwritten=[3], author="The Varnholts")

    html = page_of(reader, version, "read/")

    assert "<h1>The Ferry House</h1>" in html
    assert "The Varnholts" in html
    assert "Emm Varnholt, Josefa Tidewell and Ottilie Varnholt" in html
    assert "2 of 3 chapters written" in html
    assert html.count("1 min</span>") == 2
    assert html.count("not written yet") == 1


def test_title_page_of_a_book_before_its_start_leads_to_the_outline(person: User, reader: Client) -> None:
    version = make_version(person)

    html = page_of(reader, version, "read/")

    assert "Nothing to read yet" in html
    assert f'href="{address(version, "outline/")}"' in html
    assert "export/" not in html


def test_title_page_needs_few_queries_for_many_chapters(person: User, reader: Client) -> None:
    version = written_book(person, 60)

    with CaptureQueriesContext(connection) as queries:
        page_of(reader, version, "read/")

    assert len(queries) <= 12


def test_chapter_of_the_book_has_prose_notes_and_neighbours(person: User, reader: Client) -> None:
    version = written_book(person, 3)

    html = page_of(reader, version, "read/2/")

    assert '<a class="cite" id="cite-1" href="#n1">' in html
    assert '<li id="n1">Ottilie Varnholt, Tape 3, 12:41.' in html
    assert 'href="#cite-1"' in html
    assert f'href="{address(version, "read/1/")}" rel="prev" data-turn="prev"' in html
    assert f'href="{address(version, "read/3/")}" rel="next" data-turn="next"' in html


def test_first_chapter_turns_back_to_the_title_page(person: User, reader: Client) -> None:
    version = written_book(person, 1)

    html = page_of(reader, version, "read/1/")

    assert f'href="{address(version, "read/")}" rel="prev"' in html
    assert 'rel="next"' not in html


def test_hostile_text_is_harmless_on_the_page(person: User, reader: Client) -> None:
    version = written_book(person, 1, title="<script>alert(1)</script>")
    write_text(version.chapters.get(), "<script>alert(2)</script> [x](javascript:alert(3)) [c-1-1]")

    for path in ("read/", "read/1/", "chapters/1/"):
        html = page_of(reader, version, path)
        assert "<script>alert" not in html
        assert 'href="javascript' not in html


def test_chapter_page_shows_each_passage_with_its_quotes_marked(person: User, reader: Client) -> None:
    html = page_of(reader, written_book(person, 1), "chapters/1/")

    assert '<article class="passage" id="p2">' in html
    assert "<mark>The river closed in winter 1.</mark>" in html
    assert "2 passages" in html
    assert "made from selected quotations, no AI" in html


def test_sources_of_one_voice(person: User, reader: Client) -> None:
    version = written_book(person, 1)

    html = page_of(reader, version, "chapters/1/sources/?voice=Ottilie+Varnholt")

    assert 'id="p2"' in html
    assert 'id="p1"' not in html
    assert "?voice=Josefa%20Tidewell" in html
    assert "No passage of “Nobody”" in page_of(reader, version, "chapters/1/sources/?voice=Nobody")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, ["Pending", "It waits for its turn"]),
        (
            {"status": "failed", "error_code": "quota_exhausted", "error_message": "402"},
            ["Failed", "The account with the provider is used up", "Retry", "402"],
        ),
        (
            {
                "status": "in_progress",
                "token": uuid.UUID(int=1),
                "owner": "run:1:1",
                "lease_expires_at": timezone.now(),
            },
            ["In progress", "It is being written now"],
        ),
        (
            {"next_attempt_at": timezone.now() + timedelta(days=1), "error_code": "rate_limited"},
            ["Waiting to retry", "The provider asked us to slow down", "It is tried again at"],
        ),
        (
            {"next_attempt_at": timezone.now() - timedelta(days=1), "error_code": "rate_limited"},
            ["Waiting to retry", "The provider asked us to slow down", "as soon as one is free"],
        ),
    ],
    ids=["pending", "failed", "in_progress", "retry", "retry due"],
)
@pytest.mark.parametrize("path", ["read/2/", "chapters/2/", "chapters/2/revisions/"])
def test_unwritten_chapter_says_why(
    person: User, reader: Client, columns: dict[str, object], words: list[str], path: str
) -> None:
    version = written_book(person, 2, unwritten=[2])
    set_item(version, 2, **columns)

    html = page_of(reader, version, path)

    for word in words:
        assert word in html


@pytest.mark.parametrize("columns", [{}, {"next_attempt_at": timezone.now(), "error_code": "timeout"}])
def test_chapter_of_a_paused_book_says_so(person: User, reader: Client, columns: dict[str, object]) -> None:
    version = written_book(person, 2, unwritten=[2])
    set_item(version, 2, **columns)
    ProcessingSession.objects.update(paused_at=timezone.now())

    html = page_of(reader, version, "chapters/2/")

    assert "The book is paused. It goes on when you resume it on the board." in html
    assert "as soon as one is free" not in html


def test_blocked_chapter_names_the_failed_ones(person: User, reader: Client) -> None:
    version = written_book(person, 3, unwritten=[1, 2, 3])
    failed = set_item(version, 1, status="failed", error_code="timeout")
    ItemDependency.objects.create(item=set_item(version, 3), needs=failed)

    html = page_of(reader, version, "chapters/3/")

    assert "Blocked" in html
    assert "It waits for chapter 1" in html


def test_chapter_before_the_start_says_so(person: User, reader: Client) -> None:
    version = make_version(person)
    add_chapter(version, 1)

    assert "Not started yet" in page_of(reader, version, "chapters/1/")


def test_attempts_show_what_went_wrong_and_what_was_given(person: User, reader: Client) -> None:
    version = written_book(person, 1)
    item = version.chapters.get().item
    started = timezone.now() - timedelta(minutes=5)
    for number, columns in (
        (1, {"outcome": "failed", "error_code": "stream_broken", "partial_text": "<b>The river"}),
        (2, {"outcome": "succeeded", "usage": {"output_tokens": 2280, "nested": {"a": 1}}}),
    ):
        Attempt.objects.create(
            session=item.session,
            item=item,
            phase="writing",
            number=number,
            agent="quotations",
            owner="run:4711:99",
            token=uuid.uuid4(),
            started_at=started,
            finished_at=started,
            context={"chunks": ["c-1"], "chapters": [1, 2, 3, 5], "left_out_chapters": 2},
            **columns,
        )

    html = page_of(reader, version, "chapters/1/attempts/")

    assert html.index("Attempt 2") < html.index("Attempt 1")
    assert "The answer broke off in the middle" in html
    assert "The chapter was tried again after this." in html
    assert "&lt;b&gt;The river" in html
    assert "process 4711" in html
    assert "chapters 1 to 3 and 5 in summary" in html
    assert "2 earlier chapters" in html
    assert "2,280" in html


def test_attempts_are_rows_of_which_the_newest_that_failed_is_open(person: User, reader: Client) -> None:
    version = written_book(person, 1, unwritten=[1])
    started = timezone.now()
    for number in (1, 2, 3):
        usage = {"model": "gemma", "calls": 1, "input": 2_000, "output": 345, "cost_micros": 12_900}
        Attempt.objects.create(
            session=version.session, item=version.session.items.get(), number=number, phase="writing",
            token=uuid.uuid4(), agent="ollama:gemma", owner="run:4711:9", started_at=started, outcome="failed",
            error_code="timeout", finished_at=started + timedelta(seconds=83),
            usage={"model": "gemma", "calls": [usage]},
        )  # fmt: skip

    html = page_of(reader, version, "chapters/1/attempts/")

    rows = re.findall(r'<details class="attempt" id="attempt-(\d)" data-status="failed"( open)?>', html)
    assert rows == [("3", " open"), ("2", ""), ("1", "")]
    row = " ".join(strip_tags(html.split("<summary>")[1].split("</summary>")[0]).split())
    assert "Failed The writer did not answer in time" in row
    assert "took 1 min 23 s written by gemma 2,345 tokens" in row
    assert "cost $0.01" in row


def test_chapter_without_attempts_says_so(person: User, reader: Client) -> None:
    assert "No attempts yet" in page_of(
        reader, written_book(person, 1, unwritten=[1]), "chapters/1/attempts/"
    )


def revised_book(owner: User) -> BookVersion:
    """A chapter of three texts: it was winter, May, summer."""
    version = written_book(owner, 1, unwritten=[1])
    chapter = version.chapters.get()
    write_text(chapter, "It was winter.")
    write_text(chapter, "It was May.", origin=Origin.HARMONIZER)
    write_text(chapter, "It was summer.", origin=Origin.PERSON)
    return version


def test_revisions_compare_the_newest_two_by_default(person: User, reader: Client) -> None:
    html = page_of(reader, revised_book(person), "chapters/1/revisions/")

    assert "<del>May</del><ins>summer</ins>" in html
    assert html.count("<option") == 6


def test_revisions_compare_the_two_that_are_named(person: User, reader: Client) -> None:
    html = page_of(reader, revised_book(person), "chapters/1/revisions/?compare=1&with=3")

    assert "<del>summer</del><ins>winter</ins>" in html


def test_a_revision_names_what_made_it_and_nothing_else(person: User, reader: Client) -> None:
    version = written_book(person, 1, unwritten=[1])
    chapter = version.chapters.get()
    first = write_text(chapter, "It was winter.")
    second = write_text(chapter, "It was May.", origin=Origin.HARMONIZER)
    second.reason = "Months are named alike.\nDashes are the same."
    second.save()
    for revision, status in ((first, "suggested"), (second, "rejected")):
        HarmonizationChange.objects.create(
            session=chapter.item.session, chapter=chapter, rule="dashes", severity="minor", status=status,
            find="a", replace="b", offset=0, reason="Nobody applied this.", revision=revision,
        )  # fmt: skip

    html = page_of(reader, version, "chapters/1/revisions/")

    assert "Months are named alike." in html
    assert "and 1 more" in html
    assert "Nobody applied this." not in html


def test_a_chapter_without_a_text_shows_what_it_is_written_from(person: User, reader: Client) -> None:
    version = written_book(person, 1, unwritten=[1])
    set_item(version, 1, status="failed", error_code="timeout")
    said = version.chapters.get().node.chunks.first().text

    for path in ("chapters/1/", "chapters/1/sources/"):
        html = page_of(reader, version, path)
        assert escape(said) in html
        assert "2 passages</span>" in html
    assert "none is quoted yet" in html


@pytest.mark.parametrize("query", ["?compare=99&with=x", "?compare=&with=-1", "?compare=1"])
def test_revisions_take_any_query(person: User, reader: Client, query: str) -> None:
    page_of(reader, revised_book(person), f"chapters/1/revisions/{query}")


def test_outdated_chapter_says_why(person: User, reader: Client) -> None:
    version = written_book(person, 1)
    version.chapters.update(outdated_reason="Chapter 3 was written again.")

    html = page_of(reader, version, "chapters/1/")

    assert "This text may be out of date" in html
    assert "Chapter 3 was written again." in html


def test_written_chapter_offers_no_retry(person: User, reader: Client) -> None:
    version = written_book(person, 1)

    html = page_of(reader, version, "chapters/1/")

    assert "/chapters/1/retry/" not in html


@pytest.mark.parametrize(
    ("format", "content_type"),
    [("epub", "application/epub+zip"), ("md", "text/markdown; charset=utf-8"), ("json", "application/json")],
)
def test_export_is_a_download(person: User, reader: Client, format: str, content_type: str) -> None:
    response = reader.get(address(written_book(person, 1), f"export/{format}/"))
    response.close()

    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'attachment; filename="the-ferry-house-v1.{format}"'


def test_export_in_an_unknown_format_is_404(person: User, reader: Client) -> None:
    assert reader.get(address(written_book(person, 1), "export/exe/")).status_code == 404


def test_export_of_an_unwritten_book_is_refused_in_words(person: User, reader: Client) -> None:
    response = reader.get(address(written_book(person, 1, unwritten=[1]), "export/md/"))

    assert response.status_code == 409
    assert "No chapter is written yet" in response.content.decode()


def test_reading_changes_nothing(person: User, reader: Client) -> None:
    version = written_book(person, 1)
    before = Book.objects.get(pk=version.book_id).updated_at

    for path in PAGES:
        assert reader.post(address(version, path)).status_code == 405
        page_of(reader, version, path)

    assert Book.objects.get(pk=version.book_id).updated_at == before
