"""A book that went on without a chapter, as pages, API and exports show it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.api_world import get, post
from tests.books.factories import exported
from tests.workflow.engine.test_leases import claim
from tests.workflow.engine.test_skip import completed_without, run
from tests.workflow.sessions import item, new_version
from workflow.actions import retry_chapter
from workflow.engine.writing import write_chapter
from workflow.live.board_state import BoardState
from workflow.models import ProcessingSession
from workflow.pages.board.markup import DETAILED, BoardView

ClientOf = Callable[[User], Client]
LENS = BoardView(DETAILED)


@pytest.fixture
def session(person: User, control: Path) -> ProcessingSession:
    return completed_without(person, control, 2)


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    return client_of(person)


def page(client: Client, session: ProcessingSession, name: str) -> str:
    response = client.get(f"/books/{session.version.book.book_id}/v1/{name}/")
    assert response.status_code == 200
    return response.content.decode()


def test_start_panel_offers_both_and_holds_unless_asked(person: User, client: Client) -> None:
    version = new_version(person)

    shown = client.get(f"/books/{version.book.book_id}/v1/outline/").content.decode()

    assert 'name="on_failure" value="hold" checked' in shown
    assert 'name="on_failure" value="skip">' in shown


def test_page_starts_with_skip_and_says_so_afterwards(person: User, client: Client) -> None:
    version = new_version(person)
    where = f"/books/{version.book.book_id}/v1"

    client.post(f"{where}/start/", {"on_failure": "skip"})

    version.refresh_from_db()
    assert version.session.on_failure == "skip"
    assert "Go on without it" in client.get(f"{where}/outline/").content.decode()


def test_board_says_what_is_missing_and_offers_the_retry(client: Client, session: ProcessingSession) -> None:
    shown = page(client, session, "board")

    assert "The book is written, but not whole" in shown
    assert "1 chapter is missing, because the writing failed." in shown
    assert "The book goes on without it." in shown
    assert "Retry what failed" in shown
    assert "Blocked" not in shown


def test_board_shows_what_is_out_of_date_after_the_retry(
    client: Client, person: User, session: ProcessingSession
) -> None:
    retry_chapter(item(session, 2), actor=person)
    run(session)

    assert "It was written without chapter 2, which has come since." in page(client, session, "board")
    assert "Chapter 4 may be out of date: it was written without chapter 2." in page(
        client, session, "activity"
    )
    assert "The book is written, but not whole" not in page(client, session, "board")


def test_viewer_is_sent_the_flags_as_they_come(person: User, session: ProcessingSession) -> None:
    retry_chapter(item(session, 2), actor=person)
    held = claim(session)
    picture = BoardState(session.pk)
    picture.catch_up(picture.seq, LENS)

    write_chapter(held, lambda: False)
    update = picture.advance([LENS])[LENS]

    flagged = [name for name, html in update.pieces.items() if "It was written without chapter 2" in html]
    assert {"chapter-3", "chapter-4"} <= set(flagged)


def test_api_says_how_many_chapters_failed(client: Client, session: ProcessingSession) -> None:
    shown = get(client, f"/sessions/{session.pk}").json()

    assert (shown["status"], shown["on_failure"], shown["progress_percentage"]) == ("completed", "skip", 100)
    assert (shown["completed_chapters"], shown["failed_chapters"]) == (3, 1)
    assert "1 chapter is missing" in shown["message"]
    assert [each["status"] for each in shown["items"]] == ["completed", "failed", "completed", "completed"]
    assert all(each["blocked_by"] == [] for each in shown["items"])


def test_api_retry_takes_a_completed_book_up_again(client: Client, session: ProcessingSession) -> None:
    answer = post(client, f"/retry-failed-chapter/{session.pk}/{item(session, 2).chapter.chapter_id}")
    run(session)

    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert (session.status, session.failed_count) == ("completed", 0)
    shown = get(client, f"/sessions/{session.pk}").json()
    assert [each["is_outdated"] for each in shown["items"]] == [False, False, True, True]


@pytest.mark.parametrize("name", ["md", "json", "epub"])
def test_book_with_a_gap_is_exported(session: ProcessingSession, name: str) -> None:
    assert exported(session.version, name)


def test_export_says_which_chapter_is_missing(session: ProcessingSession) -> None:
    text = exported(session.version, "md").decode()

    assert "Chapter 2 is not written yet." in text


def test_reading_room_says_why_a_chapter_is_missing(client: Client, session: ProcessingSession) -> None:
    assert "3 of 4 chapters written" in page(client, session, "read")

    missing = page(client, session, "read/2")

    assert "Retry" in missing
    assert 'rel="next"' in missing
