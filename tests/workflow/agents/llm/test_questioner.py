"""The questioner's language model through the engine: it adds to the rules' questions, and never costs them."""

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.workflow.agents.llm.scripted_answers import Script
from tests.workflow.agents.llm.told_books import BOOK, SOURCE, asks, question, told_session
from tests.workflow.sessions import kinds, let_waits_pass
from workflow.actions import ask_again
from workflow.agents.llm import Timeouts, structured
from workflow.engine import advance
from workflow.engine.phases import ending
from workflow.models import FollowUpQuestion, ProcessingSession

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "openai-chat:scripted"
OPEN = "We took the boat. I cannot remember the name of the captain. It rained all night."
WHY = question("Why did the mill at Hollin close?")


@pytest.fixture(autouse=True)
def model_asks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scripted model ask, quickly."""
    settings.CHAPTERFLOW_QUESTIONER = MODEL
    settings.CHAPTERFLOW_SLICE_SECONDS = 300
    settings.CHAPTERFLOW_WRITERS = ["python:tests.workflow.agents.llm.told_books:*"]
    monkeypatch.setattr(structured, "Timeouts", lambda: Timeouts(silence=2.0, first_text=2.0, whole=20.0))


def asked(session: ProcessingSession) -> dict[str, str]:
    """Return the questions with who asked them."""
    return {
        each.text: each.evidence.get("asked_by", "rules")
        for each in FollowUpQuestion.objects.filter(session=session)
    }


def test_model_adds_to_the_questions_of_the_rules(person: User, script: Script) -> None:
    script.say(asks(WHY))
    session = told_session(person, BOOK[:2], [SOURCE, OPEN])

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert asked(session).pop("Why did the mill at Hollin close?") == MODEL
    assert "rules" in asked(session).values()
    row = FollowUpQuestion.objects.get(text="Why did the mill at Hollin close?")
    assert (row.category, row.priority, row.evidence["quote"]) == ("unclear_reason", 1, "closed for good")
    assert session.attempts.get(phase="questions").agent == MODEL


def test_model_is_told_what_is_asked_already(person: User, script: Script) -> None:
    script.say(asks())
    session = told_session(person, BOOK[:2], [SOURCE, OPEN])

    advance(session.pk)

    (seen,) = script.server.seen
    assert all(text[:40] in seen.text for text in asked(session))
    assert asked(session)


@pytest.mark.parametrize(
    "bad",
    [
        question("Why did the mill close?", chunk_id="c-2"),
        question("Why did the mill close?", chunk_id="other-book-1"),
        question("Why did the mill close?", chapter=7, chunk_id="c-1"),
        question("Why did the mill close?", quote="closed for ever"),
    ],
)  # fmt: skip
def test_question_about_what_was_not_shown_is_dropped(
    person: User, script: Script, bad: dict[str, object]
) -> None:
    script.say({"questions": [bad, WHY]})
    session = told_session(person, BOOK[:1])

    advance(session.pk)

    assert [text for text, who in asked(session).items() if who == MODEL] == [
        "Why did the mill at Hollin close?"
    ]


@pytest.mark.parametrize(
    ("scenario", "code"), [("429 in seconds", "rate_limited"), ("500", "provider_error")]
)
def test_model_that_fails_leaves_the_rules_questions(
    person: User, script: Script, scenario: str, code: str
) -> None:
    script.play(scenario)
    session = told_session(person, BOOK[:2], [SOURCE, OPEN])

    advance(session.pk)

    session.refresh_from_db()
    assert (session.status, session.questions_error) == ("completed", "")
    assert set(asked(session).values()) == {"rules"}
    (event,) = session.events.filter(kind="model_failed")
    assert (event.detail["phase"], event.detail["code"]) == ("questions", code)


def test_asking_again_after_a_failure_asks_the_model_again(person: User, script: Script) -> None:
    script.play("500")
    session = told_session(person, BOOK[:1])
    advance(session.pk)
    script.say(asks(WHY))

    ask_again(session, actor=person)
    advance(session.pk)

    assert asked(session)["Why did the mill at Hollin close?"] == MODEL
    assert kinds(session).count("model_failed") == 1


def test_asking_again_pays_nothing_for_what_was_answered(person: User, script: Script) -> None:
    script.say(asks(WHY))
    session = told_session(person, BOOK[:1])
    advance(session.pk)

    ask_again(session, actor=person)
    advance(session.pk)

    assert len(script.server.seen) == 1
    assert list(asked(session).values()).count(MODEL) == 1


def test_phase_that_is_done_again_pays_nothing_twice(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.say(asks(WHY))
    session = told_session(person, BOOK[:1])
    with monkeypatch.context() as patch:
        patch.setattr(ending, "store_questions", lambda *args: 1 / 0)
        advance(session.pk)
    let_waits_pass(session)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert len(script.server.seen) == 1
    assert asked(session)["Why did the mill at Hollin close?"] == MODEL
