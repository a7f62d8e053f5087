"""The harmonizer's language model through the engine: what it proposes, what becomes of it, and when it fails."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from books.actions import edit_book
from books.text.withheld import Withheld
from chapterflow_site.core.exceptions import Conflict
from tests.workflow.agents.llm.scripted_answers import Script, says
from tests.workflow.agents.llm.server import KEY, Play
from tests.workflow.agents.llm.told_books import BOOK, TEXTS, blocks, change, judges, told_session
from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import item, kinds, let_waits_pass
from workflow.actions import apply_change, cancel_session, dismiss_change, switch_rule, undo_change
from workflow.agents.llm import Timeouts, structured
from workflow.contract.agent_types import AgentError
from workflow.contract.events import EventKind
from workflow.contract.failures import Failure
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.engine import advance
from workflow.engine.phases import consultation, ending, model_review
from workflow.engine.writing import write_chapter
from workflow.models import Attempt, HarmonizationChange, ProcessingSession
from workflow.pages.review.changes import show
from workflow.transitions import session_transaction
from workflow.workers import recovery
from workflow.workers.pacemaker import Pacemaker

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "openai-chat:scripted"
GOOD = ("as 1957, chapter 2 as 1958", "contradiction", change("the autumn of 1958", "the autumn of 1957", 2))
BAD_NAME = ("Spelled “Hollingworth”", "same", change("Hollingwerth", "Hollingshead", 4))
BAD_MARK = ("of “sheep”", "contradiction", change("thirty sheep", "forty sheep [c-9]", 6))
BAD_PLACE = ("of “stone”", "contradiction", change("nine stone in the old days. The", "seven", 6))


@pytest.fixture(autouse=True)
def model_judges(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scripted model judge, quickly."""
    settings.CHAPTERFLOW_HARMONIZER = MODEL
    settings.CHAPTERFLOW_SLICE_SECONDS = 300
    settings.CHAPTERFLOW_WRITERS = ["python:tests.workflow.agents.llm.told_books:*"]
    monkeypatch.setattr(structured, "Timeouts", lambda: Timeouts(silence=2.0, first_text=2.0, whole=20.0))


def changes(session: ProcessingSession, **columns: object) -> list[HarmonizationChange]:
    return list(session.changes.filter(**columns).order_by("chapter__number", "offset"))


def by_model(session: ProcessingSession) -> dict[tuple[str, str], str]:
    """Return what the model proposed, with its status."""
    return {
        (each.find, each.replace): each.status
        for each in changes(session, rule="model")
        if each.replace is not None
    }


def text(session: ProcessingSession, number: int) -> str:
    revision = item(session, number).chapter.current_revision
    assert revision is not None
    return revision.markdown


def attempt(session: ProcessingSession) -> Attempt:
    return session.attempts.filter(phase="harmonizing").order_by("-started_at")[0]


def finish(session: ProcessingSession) -> None:
    for _ in range(4):
        let_waits_pass(session)
        Pacemaker().tick()
        advance(session.pk)
    session.refresh_from_db()


def test_good_proposal_is_made_and_bad_ones_are_listed_with_their_reasons(
    person: User, script: Script
) -> None:
    script.say(judges(GOOD, BAD_NAME, BAD_MARK, BAD_PLACE))
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert by_model(session) == {
        ("1958", "1957"): "applied",
        ("Hollingwerth", "Hollingshead"): "rejected",
        ("thirty sheep", "forty sheep [c-9]"): "rejected",
        ("nine stone in the old days. The", "seven"): "rejected",
    }
    assert text(session, 2) == BOOK[1].replace("1958", "1957")
    assert [text(session, number) for number in (3, 4, 5, 6)] == list(BOOK[2:])
    reasons = [str(each.evidence["not_applied"]) for each in changes(session, status="rejected")]
    assert sorted(reason[:20] for reason in reasons) == [
        "It brings in “Hollin", "It would bring in si", "These words do not s",
    ]  # fmt: skip


def test_model_is_not_told_what_is_withheld_since_the_chapters_were_written(
    person: User, script: Script
) -> None:
    script.say(judges())
    session = told_session(person)
    while item(session, 6).status != ItemStatus.GENERATED:
        write_chapter(claim(session), lambda: False)
    edit_book(session.version.book, actor=person, preferences={"leave_out": ["autumn"]})

    advance(session.pk)

    told = "\n".join(seen.text for seen in script.server.seen)
    assert "The mill at Hollin closed in the […] of 1957" in told
    assert "autumn" not in told
    assert text(session, 1) == BOOK[0]


def test_refused_proposal_cannot_be_made_after_all(person: User, script: Script) -> None:
    script.say(judges(BAD_MARK))
    session = told_session(person)
    advance(session.pk)
    (refused,) = changes(session, status="rejected")

    dismissed = dismiss_change(refused, actor=person)

    assert "apply" not in {decision for decision, _, _ in show(dismissed, Withheld()).decisions}
    with pytest.raises(Conflict):
        apply_change(dismissed, actor=person)
    assert text(session, 6) == BOOK[5]


def test_change_of_the_model_is_marked_and_can_be_taken_back(person: User, script: Script) -> None:
    script.say(judges(GOOD))
    session = told_session(person)
    advance(session.pk)
    (made,) = changes(session, rule="model", status="applied")

    undo_change(made, actor=person)

    assert made.evidence["asked"] == MODEL
    assert made.reason == "The source says so."
    assert text(session, 2) == BOOK[1]


def test_attempt_says_who_judged_and_what_it_cost(person: User, script: Script) -> None:
    script.say(judges(GOOD))
    session = told_session(person)

    advance(session.pk)

    made = attempt(session)
    assert made.agent == MODEL
    assert (made.outcome, made.usage["requests"], made.usage["input_tokens"]) == ("succeeded", 1, 700)
    assert made.context["advice"]["failure"] is None
    assert len(made.context["advice"]["answers"]) == made.context["advice"]["asked"] == 4


def test_model_sees_the_flagged_sentences_and_not_the_book(person: User, script: Script) -> None:
    script.say(judges(GOOD))
    far = "This stands far from anything that was found, and nobody is to be sent it."
    session = told_session(person, [*BOOK[:1], f"{far}\n\n{BOOK[1]}", *BOOK[2:]])

    advance(session.pk)

    (seen,) = script.server.seen
    assert far not in seen.text
    assert "The mill at Hollin closed in the autumn of 1958." in seen.text


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("429 in seconds", "rate_limited"),
        ("429 quota", "quota_exhausted"),
        ("401", "bad_credentials"),
        ("500", "provider_error"),
        ("stalls", "timeout"),
        ("too long, OpenAI", "context_too_long"),
        ("refusal", "content_filtered"),
        ("empty", "bad_output"),
    ],
)
def test_model_that_fails_leaves_the_rules_result(
    person: User, script: Script, scenario: str, code: str
) -> None:
    script.play(scenario)
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert [each.rule for each in changes(session)] == ["name_variants"]
    (event,) = session.events.filter(kind="model_failed")
    assert (event.detail["phase"], event.detail["code"]) == ("harmonizing", code)
    assert KEY[3:20] not in json.dumps(event.detail) + json.dumps(attempt(session).context)


def test_model_whose_package_is_missing_leaves_the_rules_result(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise AgentError(Failure.MODEL_NOT_FOUND, "it needs a package that is not installed")

    monkeypatch.setattr(structured, "open_model", missing)
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert "not installed" in session.events.get(kind="model_failed").detail["message"]


def test_budget_that_is_reached_leaves_the_rules_result(person: User, script: Script) -> None:
    session = told_session(person)
    ProcessingSession.objects.filter(pk=session.pk).update(budget_tokens=10)

    advance(session.pk)

    session.refresh_from_db()
    assert (session.status, script.server.seen) == ("completed", [])
    assert (session.paused_at, session.reserved_tokens) == (None, 0)
    assert session.events.get(kind="model_failed").detail["code"] == "budget_exceeded"


def test_what_the_model_took_is_counted_and_nothing_stays_reserved(person: User, script: Script) -> None:
    script.say(judges(GOOD))
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    attempt = session.attempts.get(phase="harmonizing")
    assert session.input_tokens == attempt.input_tokens > 0
    assert (session.call_count, attempt.call_count) == (1, 1)
    assert (session.reserved_tokens, session.reserved_micros) == (0, 0)


def test_fault_in_what_is_made_of_opinions_leaves_the_rules_result(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.say(judges(GOOD))
    monkeypatch.setattr(model_review, "put_together", lambda *args, **more: 1 / 0)
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert session.events.get(kind="model_failed").detail["code"] == "internal_error"


def test_model_is_not_asked_when_its_time_is_over(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consultation, "SHARE_OF_TIME", 0.0)
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    assert (session.status, script.server.seen) == ("completed", [])
    assert session.events.get(kind="model_failed").detail["code"] == "timeout"


def test_batch_that_is_too_long_is_halved(person: User, script: Script) -> None:
    script.play("too long, llama.cpp", says(judges(GOOD)))
    session = told_session(person)

    advance(session.pk)

    assert by_model(session) == {("1958", "1957"): "applied"}
    assert [len(blocks(seen)) for seen in script.server.seen] == [4, 2, 2]


def test_what_a_model_said_before_it_failed_counts(person: User, script: Script) -> None:
    script.play("too long, llama.cpp", says(judges(GOOD)), "429 in seconds")
    session = told_session(person)

    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "completed"
    assert by_model(session) == {("1958", "1957"): "applied"}
    detail = session.events.get(kind="model_failed").detail
    assert (detail["asked"], detail["answered"]) == (4, 2)


def test_model_that_is_switched_off_for_the_book_is_not_asked(person: User, script: Script) -> None:
    session = told_session(person)
    switch_rule(session.version.book, "model", enabled=False, actor=person)

    advance(session.pk)

    assert script.server.seen == []
    assert [each.rule for each in changes(session)] == ["name_variants"]


def test_without_a_model_nothing_is_asked(person: User, script: Script, settings: Settings) -> None:
    settings.CHAPTERFLOW_HARMONIZER = "rules"
    session = told_session(person)

    advance(session.pk)

    assert script.server.seen == []
    assert attempt(session).agent == "rules"


def lose_worker(session: ProcessingSession, monkeypatch: pytest.MonkeyPatch, step: str, calls: int) -> None:
    """Drive the session and let its worker die at a call of `step`."""
    real: Callable[..., object] = getattr(ending, step)
    left = iter([False] * calls)

    def dying(*args: object) -> object:
        if next(left, True):
            raise SystemExit
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(ending, step, dying)
        with pytest.raises(SystemExit):
            advance(session.pk)
    ProcessingSession.objects.filter(token__isnull=False).update(lease_expires_at="2020-01-01T00:00:00Z")
    recovery.reclaim_expired()


@pytest.mark.parametrize(
    ("step", "calls"), [("_store_batch", 0), ("_store_batch", 2), ("_finish_harmonizing", 0)]
)
def test_phase_that_is_done_again_after_a_crash_pays_nothing_twice_and_comes_to_the_same(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch, step: str, calls: int
) -> None:
    monkeypatch.setattr(ending, "CHAPTERS_PER_BATCH", 1)
    script.say(judges(GOOD, BAD_NAME))
    session = told_session(person)
    lose_worker(session, monkeypatch, step, calls)
    script.say(judges(("", "contradiction", change("wet", "dry", 2))))

    finish(session)

    assert session.status == "completed"
    assert len(script.server.seen) == 1
    assert by_model(session) == {
        ("1958", "1957"): "applied", ("Hollingwerth", "Hollingshead"): "rejected",
    }  # fmt: skip
    assert text(session, 2) == BOOK[1].replace("1958", "1957")
    assert kinds(session).count("chapter_harmonized") == len(BOOK)


def test_crash_while_the_model_is_asked_keeps_what_it_has_said(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.play("too long, llama.cpp", says(judges(GOOD)))
    session = told_session(person)
    real, left = consultation.Consultation._ask_one, iter([False, False])

    def dying(*args: object) -> object:
        if next(left, True):
            raise SystemExit
        return real(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(consultation.Consultation, "_ask_one", dying)
        with pytest.raises(SystemExit):
            advance(session.pk)
    ProcessingSession.objects.filter(token__isnull=False).update(lease_expires_at="2020-01-01T00:00:00Z")
    recovery.reclaim_expired()
    finish(session)

    assert session.status == "completed"
    assert [len(blocks(seen)) for seen in script.server.seen] == [4, 2, 2]
    assert by_model(session) == {("1958", "1957"): "applied"}


def test_model_that_failed_before_a_crash_is_not_asked_again(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "CHAPTERS_PER_BATCH", 1)
    script.play("500")
    session = told_session(person)
    lose_worker(session, monkeypatch, "_store_batch", 2)
    asked = len(script.server.seen)
    script.say(judges(GOOD))

    finish(session)

    assert session.status == "completed"
    assert len(script.server.seen) == asked
    assert attempt(session).context["advice"]["failure"]["code"] == "provider_error"
    assert kinds(session).count("model_failed") == 1


def test_cancel_while_the_model_is_silent_ends_the_phase_and_keeps_the_cost(
    person: User, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(structured, "Timeouts", Timeouts)
    session = told_session(person)

    def hang(play: Play) -> None:
        cancel_session(session, actor=None)
        play.hang()

    script.play(hang)
    advance(session.pk)

    session.refresh_from_db()
    assert session.status == "cancelled"
    assert attempt(session).usage["requests"] == 1
    assert not changes(session)


def test_chapter_that_is_written_again_is_judged_alone(person: User, script: Script) -> None:
    script.say(judges(GOOD))
    session = told_session(person)
    advance(session.pk)
    TEXTS[6] = TEXTS[6].replace("seven", "six")

    with session_transaction(session.pk) as tx:
        tx.change(harmonized_at=None)
        tx.move_session(SessionStatus.PROCESSING, EventKind.SESSION_RETRIED)
        tx.move_item(item(session, 6), ItemStatus.PENDING, EventKind.CHAPTER_RETRIED)
    finish(session)

    assert session.status == "completed"
    again = list(blocks(script.server.seen[-1]).values())
    assert len(script.server.seen) == 2
    assert all("Chapter 6" in text for text in again)
    assert text(session, 2) == BOOK[1].replace("1958", "1957")
