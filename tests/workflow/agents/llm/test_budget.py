"""What calls of models come to is counted, and a session's budget is never passed."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from pytest_django import Settings

from chapterflow_site.core.exceptions import Conflict, Invalid
from tests.workflow.agents.llm.server import SCENARIOS, Play, ScriptedServer, chapter
from tests.workflow.engine.test_concurrency import together
from tests.workflow.engine.test_leases import claim, expire, worker_on
from tests.workflow.sessions import item, kinds, let_waits_pass, new_version, statuses
from workflow.actions import cancel_session, pause_session, raise_budget, resume_session, start_session
from workflow.agents.llm import Quote
from workflow.contract.agent_types import AgentError
from workflow.engine import advance
from workflow.engine.budget import budget_gate, tally
from workflow.engine.budget.limits import Limits, suggested
from workflow.engine.budget.tally import Offer, Tally, let_pass, tally_of
from workflow.engine.claims import claim_phase
from workflow.engine.runs.attempts import AgentRun, AttemptFailed
from workflow.models import Attempt, ProcessingSession
from workflow.transitions import session_transaction
from workflow.workers import recovery

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "openai-chat:scripted"
# 688 tokens in, 12 of the cache, 300 out: what the scripted server reports for each call.
COST = 1_290
# The first two calls fit, each with all that it might have written; the third would not.
TIGHT = 11_000

Start = Callable[..., ProcessingSession]


@pytest.fixture(autouse=True)
def priced(settings: Settings, server: ScriptedServer) -> None:
    """The scripted model, at a stated price; wake-ups that do not end while a busy machine imports."""
    settings.CHAPTERFLOW_WRITERS = ["quotations", MODEL]
    settings.CHAPTERFLOW_PRICES = {MODEL: (Decimal(1), Decimal(2), Decimal("0.1"))}
    settings.CHAPTERFLOW_SLICE_SECONDS = 60


@pytest.fixture
def start() -> Start:
    """Start a book of the scripted model."""

    def started(
        chapters: int = 3, limits: Limits | None = None, *, parallel: bool = False
    ) -> ProcessingSession:
        person = User.objects.create_user("emm")
        version = new_version(person, chapters, {} if parallel else None)
        mode = "graph" if parallel else "sequential"
        return start_session(version, actor=person, writer=MODEL, dependencies=mode, limits=limits)[0]

    return started


def fresh(session: ProcessingSession) -> ProcessingSession:
    return ProcessingSession.objects.get(pk=session.pk)


def sums(session: ProcessingSession) -> Tally:
    return Tally(*(getattr(fresh(session), name) for name in tally.SUMS))


def reserved(session: ProcessingSession) -> tuple[int, int]:
    now = fresh(session)
    return now.reserved_micros, now.reserved_tokens


def of_attempts(session: ProcessingSession) -> Tally:
    rows = Attempt.objects.filter(session=session).values_list(*tally.SUMS)
    return Tally(*(sum(column) for column in zip(*rows, strict=True)))


def offer(tokens: int = 1_000, micros: int | None = 5_000) -> Offer:
    return Offer(Quote(MODEL, tokens, tokens), micros)


# ------------------------------------------------------------------ measured


def test_calls_are_counted_on_attempts_and_session(start: Start) -> None:
    session = start(2)

    advance(session.pk)

    assert sums(session) == Tally(2, 1_400, 600, 24, 2 * COST, 0, 0)
    assert of_attempts(session) == sums(session)
    assert reserved(session) == (0, 0)
    [call] = item(session, 1).attempts.get().usage["calls"]
    assert (call["input"], call["output"], call["cached"], call["cost_micros"]) == (700, 300, 12, COST)


def test_failed_attempts_and_corrections_count(start: Start, server: ScriptedServer) -> None:
    server.play("no closing block", "cut in mid-stream", "unknown ids", "good")
    session = start(1)

    advance(session.pk)
    let_waits_pass(session)
    advance(session.pk)
    let_waits_pass(session)
    advance(session.pk)

    failed, *_, last = item(session, 1).attempts.order_by("number")
    assert (failed.outcome, last.outcome) == ("failed", "succeeded")
    assert failed.spent_micros > 0
    assert last.call_count == 2
    assert sums(session).call_count == 4
    assert of_attempts(session) == sums(session)


def test_what_the_server_does_not_report_counts_by_our_estimate(start: Start, server: ScriptedServer) -> None:
    server.play("good, usage not reported")
    session = start(1)

    advance(session.pk)

    counted = sums(session)
    assert (counted.unreported_count, counted.unpriced_count) == (1, 0)
    assert counted.input_tokens > 500
    assert 50 < counted.output_tokens < 400
    assert counted.spent_micros == counted.input_tokens + 2 * counted.output_tokens
    assert item(session, 1).attempts.get().usage["input_tokens"] is None


@pytest.mark.parametrize("scenario", ["429 in seconds", "401", "404"])
def test_a_request_that_was_turned_away_costs_nothing(
    scenario: str, start: Start, server: ScriptedServer
) -> None:
    server.play(scenario)
    session = start(1)

    advance(session.pk)

    assert sums(session) == Tally(call_count=1)


def test_broken_stream_counts_what_had_come(start: Start, server: ScriptedServer) -> None:
    server.play("cut in mid-stream")
    session = start(1)

    advance(session.pk)

    counted = sums(session)
    assert counted.unreported_count == 1
    assert 5 <= counted.output_tokens <= 20
    assert reserved(session) == (0, 0)


def test_without_a_price_tokens_are_counted_and_money_is_not(start: Start, settings: Settings) -> None:
    settings.CHAPTERFLOW_PRICES = {}
    session = start(1)

    advance(session.pk)

    counted = sums(session)
    assert (counted.input_tokens, counted.spent_micros, counted.unpriced_count) == (700, 0, 1)


def test_usage_of_ones_own_writer_counts_as_it_is_told() -> None:
    assert tally_of({"input_tokens": 7, "output_tokens": 3}) == Tally(1, 7, 3, 0, 0, 0, 1)
    assert tally_of({"input_tokens": "many", "calls": [{"input": -1}, "?"]}) == Tally(call_count=1)
    assert tally_of({"output_tokens": True}) == Tally()


# ------------------------------------------------------------------ paused, raised, resumed


def test_budget_pauses_before_the_call_that_would_pass_it(start: Start, server: ScriptedServer) -> None:
    session = start(4, Limits(micros=TIGHT))

    advance(session.pk)
    advance(session.pk)

    now = fresh(session)
    assert len(server.seen) == 2
    assert statuses(session) == ["generated", "generated", "pending", "pending"]
    assert (now.is_over_budget, now.spent_micros, reserved(session)) == (True, 2 * COST, (0, 0))
    stopped = item(session, 3)
    assert (stopped.retry_count, stopped.error_code, stopped.attempts.get().outcome) == (0, "", "stopped")
    assert kinds(session)[-2:] == ["budget_reached", "session_paused"]
    assert session.events.last().detail["message"] == "The next call would pass the budget of $0.0110."


def test_raised_budget_lets_the_book_go_on_and_nothing_is_written_twice(
    start: Start, server: ScriptedServer
) -> None:
    session = start(4, Limits(micros=TIGHT))
    advance(session.pk)

    raise_budget(session, suggested(fresh(session)), actor=None)
    advance(session.pk)

    now = fresh(session)
    assert now.status == "completed"
    assert (now.paused_at, now.pause_reason, now.spent_micros) == (None, "", 4 * COST)
    assert len(server.seen) == 4
    assert kinds(session).count("chapter_generated") == 4
    numbers = list(session.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, now.event_seq + 1))


def test_resuming_without_raising_pauses_again_at_once(start: Start, server: ScriptedServer) -> None:
    session = start(4, Limits(micros=TIGHT))
    advance(session.pk)

    resume_session(session, actor=None)
    advance(session.pk)
    advance(session.pk)

    assert fresh(session).is_over_budget
    assert len(server.seen) == 2
    assert kinds(session).count("session_paused") == 2


def test_budget_in_tokens_is_kept_without_a_price(
    start: Start, server: ScriptedServer, settings: Settings
) -> None:
    settings.CHAPTERFLOW_PRICES = {}
    session = start(4, Limits(tokens=7_000))

    advance(session.pk)

    now = fresh(session)
    assert now.is_over_budget
    assert 0 < len(server.seen) < 4
    assert now.input_tokens + now.output_tokens == 1_000 * len(server.seen)


def test_correction_that_does_not_fit_keeps_the_text_and_what_was_spent(
    start: Start, server: ScriptedServer
) -> None:
    server.play("unknown ids", "good")
    session = start(1, Limits(micros=10_000))

    advance(session.pk)

    attempt = item(session, 1).attempts.get()
    assert fresh(session).is_over_budget
    assert (attempt.outcome, attempt.error_code, attempt.spent_micros) == ("stopped", "budget_exceeded", COST)
    assert len(server.seen) == 1


def test_two_workers_at_the_last_part_of_a_budget_send_one_call(
    start: Start, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_refused = threading.Event()

    def waits_for_the_other(play: Play) -> None:
        play.open()
        play.text(chapter(play.ids))
        is_refused.wait(20)
        play.stop()

    monkeypatch.setitem(SCENARIOS, "waits", waits_for_the_other)
    server.play("waits")
    session = start(2, Limits(micros=TIGHT), parallel=True)
    original = budget_gate.let_pass

    def watched(*arguments: object) -> str:
        refusal = original(*arguments)
        if refusal:
            is_refused.set()
        return refusal

    monkeypatch.setattr(budget_gate, "let_pass", watched)
    together([lambda: advance(session.pk)] * 2)

    assert len(server.seen) == 1
    assert sorted(statuses(session)) == ["generated", "pending"]
    assert sums(session).spent_micros == COST
    assert reserved(session) == (0, 0)


def test_what_fits_again_when_the_chapter_is_put_back_does_not_pause(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start(1, Limits(micros=TIGHT))
    refusals = iter(["The next call would pass the budget."])
    original = budget_gate.let_pass
    monkeypatch.setattr(budget_gate, "let_pass", lambda *args: next(refusals, None) or original(*args))

    advance(session.pk)

    assert fresh(session).paused_at is None
    advance(session.pk)
    assert statuses(session) == ["completed"]


def test_pause_of_a_person_stays_theirs(start: Start) -> None:
    session = start(1, Limits(micros=100))
    held = claim(session)
    pause_session(session, actor=None)

    from workflow.engine.writing import write_chapter

    write_chapter(held, lambda: False)

    now = fresh(session)
    assert now.is_paused
    assert not now.is_over_budget


# ------------------------------------------------------------------ lost, cancelled, locked


def test_reaped_claim_gives_its_reservation_back_and_counts_as_sent(start: Start) -> None:
    session = start(1, Limits(micros=TIGHT))
    held = claim(session)
    assert let_pass(held, offer(), []) == ""
    assert reserved(session) == (5_000, 2_000)

    expire(session)
    recovery.reclaim_expired()

    assert reserved(session) == (0, 0)
    assert sums(session) == Tally(1, 1_000, 1_000, 0, 5_000, 1, 0)
    assert of_attempts(session) == sums(session)


def test_late_worker_corrects_the_estimate(start: Start) -> None:
    session = start(1, Limits(micros=TIGHT))
    held = claim(session)
    let_pass(held, offer(), [])
    expire(session)
    recovery.reclaim_expired()

    held.attempt.usage = {"calls": [{"input": 700, "output": 300, "cached": 12, "cost_micros": COST}]}
    tally.correct(held)
    tally.correct(held)

    assert sums(session) == Tally(1, 700, 300, 12, COST, 0, 0)


def test_cancel_counts_the_call_in_flight(start: Start, server: ScriptedServer) -> None:
    server.play("stalls")
    session = start(1)
    worker = worker_on(session)
    worker.start()
    while not server.seen:
        threading.Event().wait(0.02)

    cancel_session(session, actor=None)
    worker.join(20)

    counted = sums(session)
    assert (counted.call_count, counted.unreported_count) == (1, 1)
    assert 0 < counted.output_tokens < 20
    assert reserved(session) == (0, 0)
    assert of_attempts(session) == counted


def test_second_call_settles_the_first(start: Start) -> None:
    session = start(1)
    held = claim(session)
    let_pass(held, offer(), [])
    held.attempt.usage.update({"calls": [{"input": 700, "output": 300, "cached": 0, "cost_micros": 1_300}]})

    let_pass(held, offer(), [])

    assert reserved(session) == (5_000, 2_000)
    assert sums(session) == Tally(1, 700, 300, 0, 1_300, 0, 0)


def test_locked_database_lets_the_call_wait(
    start: Start, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = iter([OperationalError("database is locked")] * 2)
    original = budget_gate.let_pass

    def sometimes(*arguments: object) -> str:
        fault = next(faults, None)
        if fault is not None:
            raise fault
        return original(*arguments)

    monkeypatch.setattr(budget_gate, "let_pass", sometimes)
    session = start(1)

    advance(session.pk)

    assert statuses(session) == ["completed"]
    assert len(server.seen) == 1


def test_phase_over_budget_is_told_and_pauses_nothing(start: Start) -> None:
    session = start(1)
    ProcessingSession.objects.filter(pk=session.pk).update(
        status="harmonizing", written_count=1, budget_micros=10
    )
    with session_transaction(session.pk) as tx:
        claim = claim_phase(tx)
    assert claim is not None
    run = AgentRun(claim, lambda on_text: run.clear(Quote(MODEL, 1_000, 1_000)))

    with pytest.raises(AttemptFailed) as failed:
        run.watch()

    assert failed.value.error.code == "budget_exceeded"
    assert fresh(session).paused_at is None


def test_phase_whose_model_has_no_price_is_not_paid_from_a_budget_in_money(start: Start) -> None:
    session = start(1, Limits(micros=TIGHT))

    assert "is not known" in let_pass(claim(session), offer(micros=None), [])


def test_agent_may_go_on_without_the_call(start: Start) -> None:
    session = start(1, Limits(micros=10))
    held = claim(session)

    def does_without(on_text: object) -> str:
        try:
            run.clear(Quote(MODEL, 1_000, 1_000))
        except AgentError:
            return "the rules' result"
        return "not refused"

    run = AgentRun(held, does_without)

    assert run.watch() == "the rules' result"


# ------------------------------------------------------------------ what a budget may be


def test_money_for_a_writer_without_a_price_is_refused_with_a_sentence(
    start: Start, settings: Settings
) -> None:
    settings.CHAPTERFLOW_PRICES = {}

    with pytest.raises(Invalid, match="price of openai-chat:scripted is not known"):
        start(1, Limits(micros=5_000_000))


def test_budget_of_the_installation_counts_where_none_is_named(start: Start, settings: Settings) -> None:
    settings.CHAPTERFLOW_BUDGET = (Decimal(5), None)

    assert fresh(start(1)).budget_micros == 5_000_000


def test_budget_is_only_raised(start: Start) -> None:
    session = start(1, Limits(micros=5_000_000))

    with pytest.raises(Conflict, match=r"\$5.00 already"):
        raise_budget(session, Limits(micros=5_000_000), actor=None)
    with pytest.raises(Invalid, match="Name a budget"):
        raise_budget(session, Limits(), actor=None)


def test_completed_book_has_no_budget_to_raise(start: Start) -> None:
    session = start(1, Limits(micros=5_000_000))
    advance(session.pk)

    with pytest.raises(Conflict):
        raise_budget(session, Limits(micros=9_000_000), actor=None)


def test_starting_again_with_another_budget_is_a_conflict(start: Start) -> None:
    session = start(1, Limits(micros=5_000_000))

    with pytest.raises(Conflict):
        start_session(session.version, actor=None, limits=Limits(micros=6_000_000))


def test_suggestion_covers_the_rest_by_what_was_measured(start: Start) -> None:
    session = start(10)
    ProcessingSession.objects.filter(pk=session.pk).update(
        written_count=2, spent_micros=2_000_000, budget_micros=2_100_000, refused_micros=200_000
    )

    assert suggested(fresh(session)).micros == 12_000_000
