"""The follow-up questions' page."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.workflow.boards import make_board
from workflow.contract.states import SessionStatus
from workflow.models import FollowUpQuestion, Priority, ProcessingSession, QuestionStatus
from workflow.views.questions import QUESTIONS_PER_PAGE


@pytest.fixture
def session(person: User) -> ProcessingSession:
    return make_board(person, ["completed"] * 2, status=SessionStatus.COMPLETED, questioned_at=timezone.now())


@pytest.fixture
def client(person: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(person)


def ask(
    session: ProcessingSession, text: str = "Who were the two sisters?", **columns: object
) -> FollowUpQuestion:
    values: dict[str, object] = {
        "category": "people",
        "reason": "Nobody names them.",
        "chapter": session.items.get(number=1).chapter,
        "evidence": {
            "quote": "And two sisters, they showed me.",
            "speaker": "Ottilie",
            "start_seconds": 1023,
        },
    }
    return FollowUpQuestion.objects.create(
        version=session.version, session=session, key=text[:64], text=text, **(values | columns)
    )


def page(client: Client, session: ProcessingSession, number: int = 1) -> str:
    where = reverse("questions", args=[session.version.book.book_id, session.version.number])
    return client.get(where, {"page": number}).content.decode()


def test_a_question_is_shown_with_what_it_rests_on(client: Client, session: ProcessingSession) -> None:
    ask(session, priority=Priority.HIGH)

    html = page(client, session)

    assert "Who were the two sisters?" in html
    assert "Nobody names them." in html
    assert "And two sisters, they showed me.<cite>Ottilie, 17:03</cite>" in html
    assert "Important" in html
    assert "0 of 1 answered" in html
    assert "Answers are kept with the book" in html


def test_important_questions_come_first(client: Client, session: ProcessingSession) -> None:
    ask(session, "The third?", priority=Priority.LOW)
    ask(session, "The first?", priority=Priority.HIGH)
    ask(session, "The second?", priority=Priority.MEDIUM)

    html = page(client, session)

    assert html.index("The first?") < html.index("The second?") < html.index("The third?")


def test_many_questions_are_shown_by_pages_the_open_ones_first(
    client: Client, session: ProcessingSession
) -> None:
    ask(session, "Answered?", status="answered", answer="Yes.", priority=Priority.HIGH)
    for number in range(QUESTIONS_PER_PAGE):
        ask(session, f"Open {number}?")

    first, second = page(client, session), page(client, session, 2)

    assert first.count('class="ask"') == QUESTIONS_PER_PAGE
    assert "Answered?" not in first
    assert 'rel="next" href="?page=2"' in first
    assert "Answered?" in second
    assert "No open questions" not in second
    assert 'rel="prev" href="?page=1"' in second
    assert "1 of 51 answered" in first
    assert "1 to 50 of 51" in first
    assert "51 to 51 of 51" in second


def test_a_refused_answer_is_shown_on_the_page_of_its_question(
    client: Client, session: ProcessingSession
) -> None:
    for number in range(QUESTIONS_PER_PAGE + 1):
        last = ask(session, f"Open {number}?")

    response = client.post(reverse("question_answer", args=[last.pk]), {"answer": ""})

    assert response.status_code == 422
    assert last.text in response.content.decode()


def test_an_answer_is_stored_and_shown(client: Client, session: ProcessingSession) -> None:
    question = ask(session)

    response = client.post(
        reverse("question_answer", args=[question.pk]), {"answer": "Mina\nand <b>Resi</b>."}
    )

    question.refresh_from_db()
    assert response.status_code == 302
    assert question.status == QuestionStatus.ANSWERED
    html = page(client, session)
    assert "Mina<br>and &lt;b&gt;Resi&lt;/b&gt;." in html
    assert "1 of 1 answered" in html


def test_an_answer_can_be_changed(client: Client, session: ProcessingSession) -> None:
    question = ask(session, status=QuestionStatus.ANSWERED, answer="Mina", answered_at=timezone.now())
    assert 'rows="4"' in page(client, session)

    client.post(reverse("question_answer", args=[question.pk]), {"answer": "Mina and Resi"})

    question.refresh_from_db()
    assert question.answer == "Mina and Resi"


@pytest.mark.parametrize("answer", ["   ", "x" * 20_001])
def test_what_cannot_be_taken_is_shown_again_with_the_reason(
    client: Client, session: ProcessingSession, answer: str
) -> None:
    question = ask(session)

    response = client.post(reverse("question_answer", args=[question.pk]), {"answer": answer})

    assert response.status_code == 422
    html = response.content.decode()
    assert f'aria-describedby="answer-{question.pk}-fault"' in html
    assert answer in html
    question.refresh_from_db()
    assert question.status == QuestionStatus.OPEN


def test_a_question_can_be_put_aside_and_answered_after_all(
    client: Client, session: ProcessingSession
) -> None:
    question = ask(session)

    client.post(reverse("question_dismiss", args=[question.pk]))
    html = page(client, session)
    assert "Put aside" in html
    assert "Answer after all" in html

    client.post(reverse("question_answer", args=[question.pk]), {"answer": "Mina"})
    question.refresh_from_db()
    assert question.status == QuestionStatus.ANSWERED


def test_questions_that_could_not_be_asked_can_be_asked_again(
    client: Client, session: ProcessingSession
) -> None:
    ProcessingSession.objects.filter(pk=session.pk).update(questions_error="The writer did not answer.")
    assert "Ask again" in page(client, session)

    client.post(reverse("questions_again", args=[session.pk]))

    session.refresh_from_db()
    assert session.questions_error == ""
    assert "Ask again" not in page(client, session)


@pytest.mark.parametrize(
    ("questioned", "words"),
    [(True, "The sources answer what the book asks."), (False, "No questions yet")],
)
def test_without_questions_the_page_says_why(
    client: Client, session: ProcessingSession, questioned: bool, words: str
) -> None:
    if not questioned:
        ProcessingSession.objects.filter(pk=session.pk).update(questioned_at=None)

    assert words in page(client, session)


def test_a_stranger_answers_nothing(
    session: ProcessingSession, stranger: User, client_of: Callable[[User], Client]
) -> None:
    question = ask(session)
    other = client_of(stranger)

    assert other.post(reverse("question_answer", args=[question.pk]), {"answer": "I"}).status_code == 404
    assert other.post(reverse("question_dismiss", args=[question.pk])).status_code == 404
    question.refresh_from_db()
    assert question.status == QuestionStatus.OPEN


@pytest.mark.parametrize("evidence", [{}, [], {"quote": 7, "start_seconds": "x"}, {"quote": "<script>"}])
def test_evidence_of_any_shape_does_no_harm(
    client: Client, session: ProcessingSession, evidence: object
) -> None:
    ask(session, "<script>?", evidence=evidence, category="", reason="<script>", chapter=None)

    assert "<script>" not in page(client, session)


def test_question_of_a_model_says_who_asked(client: Client, session: ProcessingSession) -> None:
    ask(session)
    assert "asked by a language model" not in page(client, session)

    ask(session, "Where did they go?", evidence={"asked_by": "openai:gpt-5-mini"})

    assert page(client, session).count("asked by a language model") == 1


def test_model_that_could_not_help_is_named_in_one_sentence(
    client: Client, session: ProcessingSession
) -> None:
    session.attempts.create(
        phase="questions",
        number=1,
        agent="openai:gpt-5-mini",
        outcome="succeeded",
        owner="run:1:1",
        token=uuid.uuid4(),
        context={"advice": {"answers": {}, "failure": {"code": "bad_credentials"}, "asked": 2}},
    )

    assert "could not help</strong><p>Its provider does not accept the key." in page(client, session)
