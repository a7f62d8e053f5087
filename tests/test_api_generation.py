"""The three operations of the original specification."""

import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils.dateparse import parse_datetime
from pytest_django import Settings

from books.models import BookVersion
from tests.api_world import drive, failed, get, new_book, nodes, post, problem, started
from workflow.models import ProcessingSession

ClientOf = Callable[[User], Client]
STATUS_FIELDS = {
    "session_id",
    "book_id",
    "book_version",
    "status",
    "progress_percentage",
    "completed_chapters",
    "total_chapters",
    "current_chapter",
    "estimated_completion",
    "updated_at",
}


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    new_book(person)
    return client_of(person)


def test_starting_answers_with_exactly_three_fields(client: Client) -> None:
    response = post(client, "/start-book-generation/river", nodes())

    answer = response.json()
    assert response.status_code == 200
    assert set(answer) == {"session_id", "status", "message"}
    assert answer["status"] == "started"
    assert answer["message"] == "3 chapters will be written."
    assert ProcessingSession.objects.get().pk.hex == answer["session_id"].replace("-", "")


def test_same_nodes_again_are_the_unfinished_session(client: Client) -> None:
    first = post(client, "/start-book-generation/river", nodes()).json()
    again = post(client, "/start-book-generation/river", nodes()).json()

    assert again["session_id"] == first["session_id"]
    assert again["status"] == "started"
    assert BookVersion.objects.count() == 1


def test_other_nodes_are_the_next_version(client: Client) -> None:
    first = post(client, "/start-book-generation/river", nodes(3)).json()
    second = post(client, "/start-book-generation/river", nodes(4)).json()

    status = get(client, f"/workflow-status/{second['session_id']}").json()
    assert second["session_id"] != first["session_id"]
    assert status["book_version"] == "v2"


def test_same_nodes_after_the_end_are_a_new_version(client: Client) -> None:
    first = started(client)
    drive(first.pk)

    again = post(client, "/start-book-generation/river", nodes()).json()

    assert again["session_id"] != str(first.pk)


def test_nodes_may_name_chunks_of_earlier_uploads(client: Client) -> None:
    chunk = {"id": "early", "text": "The bell was rung by hand."}
    assert post(client, "/books/river/chunks", [chunk]).status_code == 201

    answer = post(client, "/start-book-generation/river", [{"id": "n1", "chunk_ids": ["early"]}])

    assert answer.status_code == 200
    version = BookVersion.objects.get()
    assert [node.chunks.get().text for node in version.nodes.all()] == [chunk["text"]]


def test_bad_nodes_are_refused_with_every_fault_and_nothing_is_stored(client: Client) -> None:
    bad = [{"id": "a", "chunk_ids": ["c-99"]}, {"title": "no id"}, {"id": "a"}]

    refused = problem(post(client, "/start-book-generation/river", bad), 422, "storyline_faults")

    places = [error["place"] for error in refused["errors"]]
    assert places == ["nodes[0].chunk_ids[0]", "nodes[1].id", "nodes[2].id"]
    assert all({"place", "message", "line"} == set(error) for error in refused["errors"])
    assert not BookVersion.objects.exists()


@pytest.mark.parametrize("body", ["", "[", "[]", "{}", "3", "null", '"text"', b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_no_list_of_nodes_is_refused(client: Client, body: str | bytes) -> None:
    response = client.post("/api/start-book-generation/river", data=body, content_type="application/json")

    assert problem(response, 422, "storyline_faults")["errors"]


def test_unknown_book_is_not_found(client: Client) -> None:
    problem(post(client, "/start-book-generation/nowhere", nodes()), 404, "not_found")


def test_status_has_the_fields_of_the_specification(client: Client) -> None:
    session = started(client)

    status = get(client, f"/workflow-status/{session.pk}").json()

    assert set(status) >= STATUS_FIELDS
    assert status["session_id"] == str(session.pk)
    assert (status["book_id"], status["book_version"]) == ("river", "v1")
    assert (status["status"], status["progress_percentage"]) == ("initialized", 0)
    assert (status["completed_chapters"], status["total_chapters"]) == (0, 3)
    assert status["current_chapter"] is None
    assert status["estimated_completion"] is None
    assert "." in status["updated_at"]
    updated = parse_datetime(status["updated_at"])
    assert updated is not None
    assert updated.utcoffset() is not None


def test_status_of_a_finished_book_is_a_hundred_percent(client: Client) -> None:
    session = started(client)
    drive(session.pk)

    status = get(client, f"/workflow-status/{session.pk}").json()

    assert (status["status"], status["progress_percentage"]) == ("completed", 100)
    assert (status["completed_chapters"], status["failed_chapters"]) == (3, 0)
    assert status["finished_at"]


def test_status_while_writing_names_the_chapter_and_when_it_ends(client: Client, settings: Settings) -> None:
    session = failed(client, settings, broken=[4])
    session.items.filter(number=4).update(status="pending")
    ProcessingSession.objects.filter(pk=session.pk).update(status="processing", failed_count=0)

    status = get(client, f"/workflow-status/{session.pk}").json()

    estimated = parse_datetime(status["estimated_completion"])
    updated = parse_datetime(status["updated_at"])
    assert estimated is not None
    assert updated is not None
    assert estimated >= updated


def test_status_names_the_chapter_that_is_being_written(client: Client) -> None:
    session = started(client)
    lease = {"token": uuid4(), "lease_expires_at": session.created_at}
    session.items.filter(number=2).update(status="in_progress", **lease)

    status = get(client, f"/workflow-status/{session.pk}").json()

    keys = ("current_chapter", "current_chapter_id", "current_chapter_title")
    assert [status[key] for key in keys] == [2, "river_v1_chapter_2", "Year 2"]


def test_status_says_in_words_why_a_session_failed(client: Client, settings: Settings) -> None:
    session = failed(client, settings)

    status = get(client, f"/workflow-status/{session.pk}").json()
    (listed,) = get(client, "/sessions").json()["results"]

    assert status["error_code"] == listed["error_code"] == "chapters_failed"
    assert status["error_message"] == listed["error_message"]
    assert status["error_message"].startswith("Chapter 2 failed, and chapters 3")


def test_unknown_session_is_not_found(client: Client) -> None:
    problem(get(client, "/workflow-status/6f1c1c58-2f0e-4a40-9d1f-0d6f3a1b2c3d"), 404, "not_found")
    problem(get(client, "/workflow-status/no-uuid"), 404, "not_found")


def test_retry_of_a_failed_chapter_succeeds(client: Client, settings: Settings) -> None:
    session = failed(client, settings)

    response = post(client, f"/retry-failed-chapter/{session.pk}/river_v1_chapter_2")

    assert response.status_code == 200
    assert response.json() == {"success": True, "message": "Chapter 2 will be written again."}
    assert session.items.get(number=2).status == "pending"


def test_retry_may_name_another_writer(client: Client, settings: Settings) -> None:
    session = failed(client, settings)
    where = f"/retry-failed-chapter/{session.pk}/river_v1_chapter_2"

    problem(post(client, f"{where}?writer=openai:gpt-5"), 422, "writer_not_allowed")
    assert post(client, f"{where}?writer=quotations").status_code == 200

    assert session.items.get(number=2).writer == "quotations"


def test_retry_of_a_chapter_that_has_not_failed_says_why(client: Client) -> None:
    session = started(client)

    response = post(client, f"/retry-failed-chapter/{session.pk}/river_v1_chapter_1")

    refused = problem(response, 409, "not_failed")
    assert refused["success"] is False
    assert refused["message"] == "Chapter 1 has not failed, so there is nothing to retry."


def test_retry_of_a_chapter_of_another_session_is_not_found(client: Client, settings: Settings) -> None:
    session = failed(client, settings)
    other = post(client, "/start-book-generation/river", nodes(2)).json()["session_id"]

    problem(post(client, f"/retry-failed-chapter/{other}/river_v1_chapter_2"), 404, "not_found")
    problem(post(client, f"/retry-failed-chapter/{session.pk}/river_v1_chapter_9"), 404, "not_found")


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_are_one_session(client_of: ClientOf) -> None:
    person = User.objects.create_user("emm")
    new_book(person)
    clients = [client_of(person), client_of(person)]
    together = threading.Barrier(2)
    answers: list[dict[str, str]] = []

    def start(client: Client) -> None:
        together.wait()
        answers.append(post(client, "/start-book-generation/river", nodes()).json())
        connection.close()

    threads = [threading.Thread(target=start, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers[0]["session_id"] == answers[1]["session_id"]
    assert ProcessingSession.objects.count() == 1
