"""Reading uploads: apart and within bounds where they are large, one at once a person, a few at once in all."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from books.actions import upload_storyline
from books.models import Book
from books.storyline import StorylineFaults, read_storyline
from books.storyline.values.digest import chunk_digest
from books.uploads import Busy, places, read_chunk_upload, read_upload, reading_place
from chapterflow_site.core.exceptions import TooSoon
from tests.installation import wait_for

SignedIn = Callable[[User], Client]

CHUNKS = [
    {"id": f"c{number}", "text": "The ferry lay in the ice. " * 20, "speakers": ["Ann", "Bob"], "mood": [1]}
    for number in range(300)
]
LARGE = json.dumps(
    {
        "book": {"title": "Salt", "preferences": {"words_per_chapter": 500}, "shelf": 3},
        "chunks": CHUNKS,
        "nodes": [
            {"id": "a", "chunk_ids": ["c1", "c2"], "themes": ["ice"], "temporal_info": {"year": 1931}},
            {"id": "b", "depends_on": ["a"], "related": [{"id": "a", "weight": 0.5, "colour": "ę"}]},
        ],
    },
    ensure_ascii=False,
)


def test_large_upload_is_read_apart_to_the_same_document() -> None:
    assert read_upload(LARGE) == read_storyline(LARGE)
    assert read_chunk_upload(json.dumps(CHUNKS).encode()) == read_storyline(LARGE).chunks


def test_what_was_said_is_found_apart_not_while_the_storyline_is_stored(
    monkeypatch: pytest.MonkeyPatch, person: User
) -> None:
    def clean(text: str) -> None:
        pytest.fail("A text was cleaned in the web server's process.")

    lines = "Ann Smith  0:05\nWe lived by the river.\n" * 3 + "Thank you. " * 9
    chunks = [{"id": f"c{number}", "text": f"{lines} {number}"} for number in range(900)]
    monkeypatch.setattr("books.storyline.values.document.clean_transcript", clean)

    version = upload_storyline(
        json.dumps({"chunks": chunks, "nodes": [{"id": "a", "chunk_ids": ["c7"]}]}), actor=person
    )

    chunk = version.book.chunks.get(key="c7")
    assert chunk.clean_text.startswith("Ann Smith: We lived by the river.")
    assert [turn[1:] for turn in chunk.turns] == [["Ann Smith", 5.0]] * 3
    assert chunk.loops == [["Thank you.", 9]]
    assert chunk.word_count == 22


def test_a_chunk_has_the_digest_of_its_columns_whatever_was_asked_of_it() -> None:
    [chunk, *_] = read_chunk_upload(json.dumps(CHUNKS).encode())

    assert chunk_digest(chunk) == chunk_digest(replace(chunk))


def test_faults_of_a_large_upload_come_with_their_lines() -> None:
    data = LARGE.replace('"nodes": [', '"nodes": [\n').replace('"c1", "c2"', '"c1", "nowhere"')

    with pytest.raises(StorylineFaults) as caught:
        read_upload(data)

    [fault] = caught.value.faults
    assert (fault.line, fault.code) == (2, "unknown_chunk")
    assert [line.number for line in caught.value.lines if line.is_fault] == [2]


def test_reading_that_takes_too_much_memory_ends_with_a_sentence(settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_MEMORY = 30_000_000

    with pytest.raises(StorylineFaults, match="takes more than 30 MB of memory") as caught:
        read_upload(b'[{"id": "' + b"\xf0\x9f\x98\x80" * 2_000_000 + b'"}]')

    assert caught.value.faults[0].code == "too_large"


@pytest.mark.parametrize("status", [-9, -24])
def test_reading_that_is_killed_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *given, **options: subprocess.CompletedProcess([], status))

    with pytest.raises(StorylineFaults, match="more than 10 seconds of work"):
        read_upload(LARGE)


def test_reading_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*given: object, timeout: float, **options: object) -> None:
        raise subprocess.TimeoutExpired([], timeout)

    monkeypatch.setattr(subprocess, "run", endless)

    with pytest.raises(StorylineFaults, match="Split the storyline"):
        read_upload(LARGE)


def test_one_upload_a_person_is_read_at_once(person: User, stranger: User, settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_WAIT_SECONDS = 0

    with (
        reading_place(person),
        pytest.raises(TooSoon, match="Another upload of yours"),
        reading_place(person),
    ):
        pass
    with reading_place(person), reading_place(stranger):
        pass


def test_one_upload_a_person_waits_and_the_next_is_sent_away(person: User, settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_WAIT_SECONDS = 60
    waits, came = threading.Event(), threading.Event()

    def second() -> None:
        waits.set()
        with reading_place(person):
            came.set()

    with reading_place(person):
        thread = threading.Thread(target=second)
        thread.start()
        waits.wait(10)
        wait_for(lambda: not _is_free(places._file(f"person-{person.pk}-next")), 10)
        with pytest.raises(TooSoon, match="Another upload of yours"), reading_place(person):
            pass
    thread.join(10)

    assert came.is_set()


def _is_free(path: Path) -> bool:
    descriptor = places._locked([path])
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


def test_a_few_uploads_are_read_at_once_in_all(person: User, stranger: User, settings: Settings) -> None:
    settings.CHAPTERFLOW_UPLOAD_WAIT_SECONDS = 0
    settings.CHAPTERFLOW_UPLOADS_AT_ONCE = 1

    with reading_place(person), pytest.raises(Busy, match="Several uploads"), reading_place(stranger):
        pass


def test_every_door_says_that_it_is_busy(
    person: User, stranger: User, client_of: SignedIn, settings: Settings
) -> None:
    settings.CHAPTERFLOW_UPLOAD_WAIT_SECONDS = 0
    settings.CHAPTERFLOW_UPLOADS_AT_ONCE = 1
    client = client_of(person)
    Book.objects.create(book_id="river", owner=person, title="River")

    with reading_place(stranger):
        page = client.post("/upload/", {"text": '[{"id": "a"}]'})
        answers = [
            client.post(f"/api{address}", [{"id": "a", "text": "x"}], content_type="application/json")
            for address in ("/books/river/storyline", "/books/river/chunks", "/start-book-generation/river")
        ]

    assert page.status_code == 503
    assert b"Upload it again in half a minute." in page.content
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"30"}
    assert {answer.json()["code"] for answer in answers} == {"uploads_busy"}
