"""The harmonizer's changes and the follow-up questions through the API."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.api_world import drive, get, new_book, post, problem, started
from workflow.models import FollowUpQuestion, HarmonizationChange, ProcessingSession
from workflow.models.review import Priority

ClientOf = Callable[[User], Client]
CHANGE_FIELDS = {"id", "chapter_id", "find", "replace", "reason", "rule", "evidence", "severity", "status"}
QUESTION_FIELDS = {"id", "category", "priority", "status", "text", "reason", "answer", "chapter_id"}


@pytest.fixture
def client(person: User, client_of: ClientOf) -> Client:
    new_book(person)
    return client_of(person)


@pytest.fixture
def session(client: Client) -> ProcessingSession:
    session = drive(started(client).pk)
    session.changes.all().delete()
    session.questions.all().delete()
    return session


def add_change(session: ProcessingSession, number: int = 1, **columns: object) -> HarmonizationChange:
    chapter = session.version.chapters.get(number=number)
    assert chapter.current_revision is not None
    text = "A sentence that a person added afterwards."
    chapter.current_revision.markdown += f"\n\n{text}"
    chapter.current_revision.save()
    return HarmonizationChange.objects.create(
        session=session,
        chapter=chapter,
        **{
            "rule": "doubled_words",
            "severity": "low",
            "status": "suggested",
            "find": "person added",
            "replace": "child added",
            "offset": chapter.current_revision.markdown.index("person added"),
            "reason": "It was a child.",
            **columns,
        },
    )


def add_question(session: ProcessingSession, key: str = "k", **columns: object) -> FollowUpQuestion:
    return FollowUpQuestion.objects.create(
        session=session,
        version=session.version,
        key=key,
        category="gap",
        text="What happened in 1962?",
        reason="Nobody says.",
        **columns,
    )


def test_changes_are_listed_by_chapter(client: Client, session: ProcessingSession) -> None:
    for number in (3, 1, 2):
        add_change(session, number)

    page = get(client, f"/sessions/{session.pk}/changes", limit=2).json()
    rest = client.get(page["next"]).json()

    found = page["results"] + rest["results"]
    assert [one["chapter_id"][-1] for one in found] == ["1", "2", "3"]
    assert set(found[0]) >= CHANGE_FIELDS
    assert rest["next"] is None


def test_changes_at_one_place_come_once_each_on_pages_of_one(
    client: Client, session: ProcessingSession
) -> None:
    changes = [add_change(session, number, offset=offset) for number in (2, 1) for offset in (0, 5, 5)]

    page = get(client, f"/sessions/{session.pk}/changes", limit=1).json()
    found = page["results"]
    while page["next"] and len(found) <= len(changes):
        page = client.get(page["next"]).json()
        found += page["results"]

    assert [one["id"] for one in found] == [change.pk for change in changes[3:] + changes[:3]]


def test_change_is_applied_and_undone(client: Client, session: ProcessingSession) -> None:
    change = add_change(session)

    applied = post(client, f"/changes/{change.pk}/apply").json()
    text = get(client, f"/chapters/{applied['chapter_id']}").json()["content"]["markdown_text"]
    undone = post(client, f"/changes/{change.pk}/undo").json()
    after = get(client, f"/chapters/{applied['chapter_id']}").json()["content"]["markdown_text"]

    assert (applied["status"], applied["decided_by"]) == ("kept", "ottilie")
    assert "child added" in text
    assert undone["status"] == "undone"
    assert "person added" in after


def test_change_is_kept_or_put_aside(client: Client, session: ProcessingSession) -> None:
    applied, suggested = add_change(session, status="applied"), add_change(session)

    assert post(client, f"/changes/{applied.pk}/keep").json()["status"] == "kept"
    assert post(client, f"/changes/{suggested.pk}/dismiss").json()["status"] == "dismissed"
    problem(post(client, f"/changes/{suggested.pk}/undo"), 409, "not_possible")
    problem(post(client, f"/changes/{suggested.pk}/keep"), 409, "not_possible")


def test_change_without_a_replacement_cannot_be_applied(client: Client, session: ProcessingSession) -> None:
    change = add_change(session, replace=None)

    problem(post(client, f"/changes/{change.pk}/apply"), 409, "no_replacement")


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999999", "-1"])
def test_unknown_change_or_question_is_not_found(client: Client, number: str) -> None:
    problem(post(client, f"/changes/{number}/undo"), 404, "not_found")
    problem(post(client, f"/questions/{number}/answer", {"answer": "x"}), 404, "not_found")


def test_questions_are_listed_by_priority(client: Client, session: ProcessingSession) -> None:
    for key, priority in (("a", Priority.LOW), ("b", Priority.HIGH), ("c", Priority.MEDIUM)):
        add_question(session, key, priority=priority)

    page = get(client, "/books/river/versions/v1/questions", limit=2).json()
    rest = client.get(page["next"]).json()

    found = page["results"] + rest["results"]
    assert [one["priority"] for one in found] == ["high", "medium", "low"]
    assert set(found[0]) >= QUESTION_FIELDS


def test_question_is_answered(client: Client, session: ProcessingSession) -> None:
    question = add_question(session)

    answered = post(client, f"/questions/{question.pk}/answer", {"answer": " The ice broke. "}).json()

    assert (answered["status"], answered["answer"]) == ("answered", "The ice broke.")
    assert answered["answered_by"] == "ottilie"
    question.refresh_from_db()
    assert question.answer == "The ice broke."


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"answer": " "}, "answer_empty"),
        ({"answer": "x" * 20_001}, "answer_too_long"),
        ({}, "invalid_request"),
        ({"answer": None}, "invalid_request"),
    ],
)
def test_answer_that_cannot_be_stored_is_refused(
    client: Client, session: ProcessingSession, answer: dict[str, object], code: str
) -> None:
    question = add_question(session)

    problem(post(client, f"/questions/{question.pk}/answer", answer), 422, code)

    question.refresh_from_db()
    assert question.status == "open"


def test_question_is_put_aside(client: Client, session: ProcessingSession) -> None:
    question = add_question(session)

    assert post(client, f"/questions/{question.pk}/dismiss").json()["status"] == "dismissed"
