"""Starting, following and steering sessions through the API."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.dateparse import parse_datetime
from pytest_django import Settings

from tests.api_world import WRITER, drive, failed, get, new_book, nodes, post, problem, started
from workflow.models import ProcessingSession

ClientOf = Callable[[User], Client]
ITEM_FIELDS = {
    "chapter_id",
    "number",
    "title",
    "status",
    "attempt",
    "retry_count",
    "error_code",
    "error_message",
    "next_attempt_at",
    "blocked_by",
}
SPECIFIED_OF_AN_ITEM = {
    "chapter_id",
    "book_id",
    "book_version",
    "chapter_number",
    "storyline_node_id",
    "title",
    "status",
    "dependencies",
    "created_at",
    "started_at",
    "completed_at",
    "error_message",
    "retry_count",
    "agent_session_id",
}
SPECIFIED_OF_A_SESSION = {
    "session_id",
    "book_id",
    "book_version",
    "status",
    "workflow_items",
    "created_at",
    "updated_at",
    "error_message",
}
EVENT_FIELDS = {"seq", "kind", "chapter_id", "from_status", "to_status", "attempt", "at", "actor", "detail"}


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    new_book(person)
    return client_of(person)


@pytest.fixture
def version(client: Client) -> str:
    assert post(client, "/books/river/storyline", nodes()).status_code == 201
    return "/books/river/versions/v1"


def test_start_is_accepted_once_and_known_afterwards(client: Client, version: str) -> None:
    first = post(client, f"{version}/start")
    again = post(client, f"{version}/start", {})

    assert (first.status_code, again.status_code) == (202, 200)
    assert set(first.json()) == {"session_id", "created"}
    assert first.json()["created"] is True
    assert again.json() == {"session_id": first.json()["session_id"], "created": False}


def test_start_takes_nothing_however_it_is_sent(client: Client, version: str) -> None:
    as_json = client.post(f"/api{version}/start", data="", content_type="application/json")
    as_null = client.post(f"/api{version}/start", data="null", content_type="application/json")
    as_form = client.post(f"/api{version}/start")

    assert [answer.status_code for answer in (as_json, as_null, as_form)] == [202, 200, 200]


def test_start_takes_options(client: Client, version: str, settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITERS = [WRITER]
    options = {"writer": WRITER, "dependencies": "graph", "on_failure": "skip", "idempotency_key": "k-1"}

    session_id = post(client, f"{version}/start", options).json()["session_id"]

    session = get(client, f"/sessions/{session_id}").json()
    assert {key: session[key] for key in ("writer", "dependencies", "on_failure")} == {
        "writer": WRITER,
        "dependencies": "graph",
        "on_failure": "skip",
    }


def test_start_with_other_options_is_a_conflict(client: Client, version: str) -> None:
    post(client, f"{version}/start", {"dependencies": "sequential"})

    problem(post(client, f"{version}/start", {"dependencies": "graph"}), 409, "other_options")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"writer": "python:os:system"}, "writer_not_allowed"),
        ({"dependencies": "circle"}, "dependencies_unknown"),
        ({"on_failure": "explode"}, "on_failure_unknown"),
        ({"on_failures": "hold"}, "invalid_request"),
        ({"writer": 3}, "invalid_request"),
    ],
)
def test_start_with_bad_options_starts_nothing(
    client: Client, version: str, options: dict[str, object], code: str
) -> None:
    problem(post(client, f"{version}/start", options), 422, code)

    assert not ProcessingSession.objects.exists()


def test_cancelled_session_goes_on_when_started_again(client: Client, version: str) -> None:
    session_id = post(client, f"{version}/start").json()["session_id"]
    post(client, f"/sessions/{session_id}/cancel")

    again = post(client, f"{version}/start")

    assert (again.status_code, again.json()["created"]) == (200, False)
    assert get(client, f"/workflow-status/{session_id}").json()["status"] == "processing"


def test_session_shows_its_items_by_number(client: Client) -> None:
    session = started(client, 12)

    shown = get(client, f"/sessions/{session.pk}").json()

    items = shown["workflow_items"]
    assert [item["chapter_number"] for item in items] == list(range(1, 13))
    assert set(items[0]) >= ITEM_FIELDS
    assert items[0] | {"title": "Year 1", "status": "pending", "attempt": 0} == items[0]
    assert items[11]["chapter_id"] == "river_v1_chapter_12"


def test_session_and_its_items_have_the_names_of_the_specification(client: Client) -> None:
    session = started(client, 3)

    shown = get(client, f"/sessions/{session.pk}").json()

    assert set(shown) >= SPECIFIED_OF_A_SESSION
    assert (shown["book_version"], shown["error_message"]) == ("v1", "")
    first, second, third = shown["workflow_items"]
    assert set(first) >= SPECIFIED_OF_AN_ITEM
    assert (third["book_id"], third["book_version"], third["storyline_node_id"]) == ("river", "v1", "n3")
    assert [each["dependencies"] for each in (first, second, third)] == [
        [],
        ["river_v1_chapter_1"],
        ["river_v1_chapter_2"],
    ]
    assert (first["agent_session_id"], first["completed_at"]) == (None, None)


def test_item_that_is_written_says_when_and_in_which_session(client: Client) -> None:
    session = drive(started(client, 1).pk)

    shown = get(client, f"/sessions/{session.pk}").json()

    item = shown["workflow_items"][0]
    assert item["agent_session_id"] == str(session.pk)
    assert item["created_at"] <= item["started_at"] <= item["completed_at"] == item["finished_at"]
    document = get(client, f"/chapters/{item['chapter_id']}").json()
    assert document["generation_metadata"]["processing_session_id"] == item["agent_session_id"]


def test_names_of_before_stay_until_1_0(client: Client) -> None:
    session = started(client, 2)

    shown = get(client, f"/sessions/{session.pk}").json()
    listed = get(client, "/sessions").json()["results"][0]

    assert shown["items"] == shown["workflow_items"]
    assert [item["number"] for item in shown["items"]] == [1, 2]
    assert shown["version"] == listed["version"] == listed["book_version"] == "v1"


def test_chapter_that_failed_has_ended_but_is_not_completed(client: Client, settings: Settings) -> None:
    session = failed(client, settings)

    item = get(client, f"/sessions/{session.pk}").json()["workflow_items"][1]

    assert item["finished_at"] is not None
    assert item["completed_at"] is None


def test_items_name_the_failed_chapters_that_block_them(client: Client, settings: Settings) -> None:
    session = failed(client, settings)

    items = get(client, f"/sessions/{session.pk}").json()["items"]

    assert [item["status"] for item in items] == ["generated", "failed", "pending", "pending"]
    assert [item["blocked_by"] for item in items] == [
        [],
        [],
        ["river_v1_chapter_2"],
        ["river_v1_chapter_2"],
    ]
    assert (items[1]["error_code"], items[1]["error_message"]) == ("bad_credentials", "the key was refused")
    assert (items[1]["attempt"], items[1]["retry_count"]) == (1, 1)


def test_item_that_waits_says_until_when(client: Client) -> None:
    session = started(client)
    session.items.filter(number=1).update(next_attempt_at=session.created_at)

    waiting = get(client, f"/sessions/{session.pk}").json()["items"][0]["next_attempt_at"]

    assert waiting == session.created_at.isoformat(timespec="microseconds")


def test_failed_session_says_so_in_a_sentence(client: Client, settings: Settings) -> None:
    session = failed(client, settings)

    shown = get(client, f"/sessions/{session.pk}").json()

    assert (shown["status"], shown["failed_chapters"]) == ("failed", 1)
    assert shown["message"].startswith("The writing stopped. ")
    assert shown["estimated_completion"] is None


def test_sessions_are_filtered_and_paged(client: Client, person: User) -> None:
    new_book(person, "lake")
    river = [str(started(client, count).pk) for count in (1, 2, 3)]
    lake = str(started(client, 1, book_id="lake").pk)
    post(client, f"/sessions/{river[0]}/cancel")

    def ids(**query: object) -> list[str]:
        return [one["session_id"] for one in get(client, "/sessions", **query).json()["results"]]

    assert ids() == [lake, *reversed(river)]
    assert ids(book_id="lake") == [lake]
    assert ids(status="cancelled") == [river[0]]
    assert ids(status="cancelled", book_id="lake") == []
    page = get(client, "/sessions", limit=2, book_id="river").json()
    rest = client.get(page["next"]).json()
    assert [one["session_id"] for one in rest["results"]] == [river[0]]
    assert rest["next"] is None
    problem(get(client, "/sessions", status="asleep"), 422, "invalid_request")


def test_events_come_in_order_without_gaps(client: Client, person: User) -> None:
    session = drive(started(client).pk)

    events = get(client, f"/sessions/{session.pk}/events").json()
    rest = get(client, f"/sessions/{session.pk}/events", after=3, limit=2).json()

    assert set(events) == {"events"}
    assert [event["seq"] for event in events["events"]] == list(range(1, session.event_seq + 1))
    assert set(events["events"][0]) == EVENT_FIELDS
    assert (events["events"][0]["kind"], events["events"][0]["actor"]) == ("session_started", "ottilie")
    claimed = next(event for event in events["events"] if event["kind"] == "chapter_claimed")
    assert claimed["chapter_id"] == "river_v1_chapter_1"
    assert (claimed["from_status"], claimed["to_status"]) == ("pending", "in_progress")
    assert (claimed["attempt"], claimed["actor"]) == (1, None)
    assert parse_datetime(claimed["at"])
    assert [event["seq"] for event in rest["events"]] == [4, 5]
    assert get(client, f"/sessions/{session.pk}/events", after=session.event_seq).json() == {"events": []}


@pytest.mark.parametrize(
    "query", [{"after": -1}, {"after": "x"}, {"limit": 0}, {"limit": 1001}, {"after": 2**63}]
)
def test_events_with_a_bad_range_are_refused(client: Client, query: dict[str, object]) -> None:
    session = started(client)

    problem(get(client, f"/sessions/{session.pk}/events", **query), 422, "invalid_request")


def test_pause_and_resume(client: Client) -> None:
    session = started(client)

    paused = post(client, f"/sessions/{session.pk}/pause").json()
    resumed = post(client, f"/sessions/{session.pk}/resume").json()

    assert (paused["status"], paused["is_paused"]) == ("initialized", True)
    assert resumed["is_paused"] is False


def test_what_the_state_does_not_allow_is_a_conflict(client: Client) -> None:
    session = drive(started(client).pk)

    problem(post(client, f"/sessions/{session.pk}/pause"), 409, "not_running")
    problem(post(client, f"/sessions/{session.pk}/resume"), 409, "not_running")
    problem(post(client, f"/sessions/{session.pk}/cancel"), 409, "already_completed")
    problem(post(client, f"/sessions/{session.pk}/retry"), 409, "nothing_failed")


def test_ask_again_is_for_completed_books(client: Client) -> None:
    running = started(client, 2)
    problem(post(client, f"/sessions/{running.pk}/ask-again"), 409, "not_completed")
    drive(running.pk)

    response = post(client, f"/sessions/{running.pk}/ask-again")

    assert response.status_code == 200
    assert running.events.filter(kind="questions_requested").count() == 1


def test_retry_of_a_session_takes_all_failed_chapters(client: Client, settings: Settings) -> None:
    session = failed(client, settings)

    retried = post(client, f"/sessions/{session.pk}/retry").json()

    assert (retried["status"], retried["failed_chapters"]) == ("processing", 0)


def test_long_session_costs_the_same_queries(
    client: Client, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    session = started(client, 60)

    with django_assert_max_num_queries(7):
        get(client, f"/sessions/{session.pk}")
    drive(session.pk)
    with django_assert_max_num_queries(7):
        get(client, f"/sessions/{session.pk}/events")
