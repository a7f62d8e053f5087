"""Many chapters at once in one process: each as safe as one alone, and all of them watched by one thread."""

import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import kinds, new_session, statuses
from workflow.actions import cancel_session, pause_session
from workflow.agents.orchestrator import waits
from workflow.contract.agent_types import ChapterTask, OnText
from workflow.engine import ChapterPool, advance, writing
from workflow.engine import pool as engine_pool
from workflow.engine.claims import Claim, claim_chapter
from workflow.engine.runs import keeper
from workflow.engine.runs.checkpoints import Checkpoints
from workflow.models import Attempt, ChapterWorkflowItem, ProcessingSession
from workflow.processes import stopping
from workflow.transitions import session_transaction

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = "python:tests.workflow.engine.test_pool:waiting"
SECONDS = 20.0


class Gate:
    """Where all chapters wait until a test lets them go on."""

    is_open = threading.Event()
    waiting: list[int] = []
    lock = threading.Lock()


class WaitingWriter:
    """Writes a word, waits until the gate opens, and writes the rest."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        on_text("The river ")
        with Gate.lock:
            Gate.waiting.append(task.chapter_number)
        while not Gate.is_open.wait(0.02):
            on_text("")
        return {"markdown": f"This is what chapter {task.chapter_number} tells."}


def waiting() -> WaitingWriter:
    return WaitingWriter()


waiting.waits = True  # type: ignore[attr-defined]


@pytest.fixture
def person() -> User:
    return User.objects.create_user("emm")


@pytest.fixture(autouse=True)
def _offered(settings: Settings) -> None:
    settings.CHAPTERFLOW_WRITERS = [WAITING]


@pytest.fixture
def pool() -> Iterator[ChapterPool]:
    """A pool of eight places, in a thread that stands for a worker's own."""
    Gate.is_open.clear()
    Gate.waiting.clear()
    pool = ChapterPool(8)
    yield pool
    Gate.is_open.set()
    until(lambda: pool.free_places == 8)
    stopping.request_here()
    until(lambda: pool._thread is None)
    stopping.reset()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def is_over(session: ProcessingSession, pool: ChapterPool) -> bool:
    """Drive the session on, as workers do when they are woken, until it is completed."""
    session.refresh_from_db()
    if session.woken_at is not None:
        advance(session.pk, pool)
    return session.status == "completed"


def test_independent_chapters_are_written_side_by_side(person: User, pool: ChapterPool) -> None:
    session = new_session(person, 6, after={}, writer=WAITING)

    advance(session.pk, pool)
    until(lambda: len(Gate.waiting) == 6)
    in_flight = statuses(session)
    Gate.is_open.set()
    until(lambda: is_over(session, pool))

    assert in_flight == ["in_progress"] * 6
    assert Counter(Gate.waiting) == Counter(range(1, 7))
    assert kinds(session).count("chapter_generated") == 6
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"succeeded"}


def test_chain_hands_its_place_on_without_a_hop_through_the_queue(person: User, pool: ChapterPool) -> None:
    session = new_session(person, 3, writer=WAITING)
    Gate.is_open.set()

    advance(session.pk, pool)
    until(lambda: statuses(session) == ["generated"] * 3)

    assert Gate.waiting == [1, 2, 3]
    # What comes after the chapters is no work for the pool: a wake-up was queued for it.
    until(lambda: ProcessingSession.objects.get(pk=session.pk).woken_at is not None)
    until(lambda: is_over(session, pool))


def test_cancel_ends_all_chapters_within_a_second(person: User, pool: ChapterPool) -> None:
    session = new_session(person, 6, after={}, writer=WAITING)
    advance(session.pk, pool)
    until(lambda: len(Gate.waiting) == 6)

    cancel_session(session, actor=person)
    began = time.monotonic()
    until(lambda: pool.free_places == 8)

    assert time.monotonic() - began < 2.0
    session.refresh_from_db()
    assert (session.status, set(statuses(session))) == ("cancelled", {"pending"})
    assert set(Attempt.objects.values_list("partial_text", flat=True)) == {"The river "}


def test_pause_lets_the_chapters_in_flight_end_and_begins_no_other(person: User, pool: ChapterPool) -> None:
    session = new_session(person, 3, writer=WAITING)
    advance(session.pk, pool)
    until(lambda: Gate.waiting == [1])

    pause_session(session, actor=person)
    Gate.is_open.set()
    until(lambda: pool.free_places == 8)

    assert statuses(session) == ["generated", "pending", "pending"]


def test_worker_that_stops_gives_every_chapter_back(
    person: User, pool: ChapterPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 6, after={}, writer=WAITING)
    advance(session.pk, pool)
    until(lambda: len(Gate.waiting) == 6)

    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.2)
    stopping.request_here()
    until(lambda: pool.free_places == 8)

    assert statuses(session) == ["pending"] * 6
    assert set(Attempt.objects.values_list("outcome", "partial_text")) == {("stopped", "The river ")}
    assert not session.items.filter(retry_count__gt=0).exists()


def test_no_more_than_its_places_are_in_flight(person: User, pool: ChapterPool, settings: Settings) -> None:
    settings.CHAPTERFLOW_SLICE_SECONDS = 1
    session = new_session(person, 12, after={}, writer=WAITING)

    advance(session.pk, pool)
    until(lambda: len(Gate.waiting) == 8)
    in_flight = Counter(statuses(session))
    Gate.is_open.set()
    until(lambda: is_over(session, pool))

    assert in_flight == {"in_progress": 8, "pending": 4}
    assert Counter(Gate.waiting) == Counter(range(1, 13))


def test_place_goes_to_the_book_that_waits_once_the_slice_is_over(
    person: User, pool: ChapterPool, settings: Settings
) -> None:
    settings.CHAPTERFLOW_SLICE_SECONDS = 1
    large = new_session(person, 40, after={}, writer=WAITING)
    advance(large.pk, pool)
    until(lambda: len(Gate.waiting) == 8)
    small = new_session(person, 1, writer=WAITING)
    settings.CHAPTERFLOW_SLICE_SECONDS = 10

    threading.Timer(0.5, Gate.is_open.set).start()
    advance(small.pk, pool)

    assert statuses(small) != ["pending"]
    assert Counter(statuses(large))["pending"] > 0


def test_chapter_that_computes_stays_in_the_worker_s_own_thread(person: User, pool: ChapterPool) -> None:
    session = new_session(person, 2, writer="quotations")

    advance(session.pk, pool)

    assert statuses(session) == ["completed"] * 2 or statuses(session) == ["generated"] * 2
    assert pool._thread is None


def test_chapter_that_lost_its_worker_twice_is_written_beside_the_pool(
    person: User, pool: ChapterPool
) -> None:
    session = new_session(person, 3, after={}, writer=WAITING)
    session.items.filter(number=2).update(lost_count=2)
    in_pool: list[int] = []
    real, patch = pool.add, pytest.MonkeyPatch()
    patch.setattr(pool, "add", lambda claim, may: (in_pool.append(claim.item.number), real(claim, may)))
    Gate.is_open.set()

    advance(session.pk, pool)
    patch.undo()
    until(lambda: is_over(session, pool))

    assert 1 in in_pool
    assert 2 not in in_pool
    assert Counter(Gate.waiting) == {1: 1, 2: 1, 3: 1}


def test_outage_while_one_is_stored_keeps_no_other_from_going_on(
    person: User, pool: ChapterPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = new_session(person, 4, after={}, writer=WAITING)
    real = writing._store
    away = iter([OperationalError("database is locked")] * 4)

    def store(claim: Claim, *args: object) -> object:
        if claim.item is not None and claim.item.number == 1:
            for error in away:
                raise error
        return real(claim, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "_store", store)
    Gate.is_open.set()
    advance(session.pk, pool)
    until(lambda: Counter(statuses(session))["generated"] == 3)
    first = statuses(session)[0]
    until(lambda: is_over(session, pool))

    assert first == "in_progress"
    assert kinds(session).count("chapter_claimed") == 4


def test_fault_in_one_round_ends_no_other_chapter(
    person: User, pool: ChapterPool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {WAITING: 8}
    broken: list[bool] = []

    def wake_next() -> None:
        broken.append(True)
        raise ZeroDivisionError

    monkeypatch.setattr(engine_pool, "wake_next", wake_next)
    session = new_session(person, 4, after={}, writer=WAITING)
    Gate.is_open.set()

    advance(session.pk, pool)
    until(lambda: is_over(session, pool))

    assert broken
    assert kinds(session).count("chapter_claimed") == 4


def test_pool_whose_thread_looks_at_nothing_is_stuck(person: User) -> None:
    idle = ChapterPool(2)
    idle._looked_at -= engine_pool.STUCK_SECONDS + 1
    is_idle_stuck = idle.is_stuck()
    idle._added.append((claim(new_session(person, 1, writer=WAITING)), lambda: False))

    assert (is_idle_stuck, idle.is_stuck()) == (False, True)


def test_writers_that_wait_are_models_and_those_that_say_so() -> None:
    assert waits("openai-chat:house")
    assert waits(WAITING)
    assert not waits("quotations")
    assert not waits("python:tests.writers:plain")
    assert not waits("python:no.such.module:writer")


@pytest.fixture
def held(person: User) -> list[Claim]:
    session = new_session(person, 5, after={}, writer=WAITING)
    with session_transaction(session.pk) as tx:
        tx.change(status="processing")
        claims = [claim_chapter(tx) for _ in range(5)]
    return [claim for claim in claims if claim is not None]


def test_one_statement_renews_all_leases_and_one_finds_what_is_lost(
    held: list[Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "CHECK_SECONDS", 0.0)
    claims = keeper.ClaimKeeper()
    with contextlib.ExitStack() as stack:
        for claim in held:
            stack.enter_context(claims.holding(claim))
        with CaptureQueriesContext(connection) as looks:
            claims.look()
        claims._next_renewal = 0.0
        with CaptureQueriesContext(connection) as renewals:
            claims.look()
        assert held[2].item is not None
        ChapterWorkflowItem.objects.filter(pk=held[2].item.pk).update(token=uuid.uuid4())
        claims.look()

        assert len(looks) == 1
        assert len([query for query in renewals if "UPDATE" in query["sql"]]) == 1
        assert [claims.is_lost(claim) for claim in held] == [False, False, True, False, False]


def test_one_transaction_keeps_all_texts_so_far(held: list[Claim]) -> None:
    with CaptureQueriesContext(connection) as queries:
        Checkpoints().keep([(claim, f"Chapter {at}") for at, claim in enumerate(held)])

    assert len([query for query in queries if query["sql"].startswith("BEGIN")]) <= 1
    texts = Attempt.objects.order_by("pk").values_list("partial_text", flat=True)
    assert list(texts) == [f"Chapter {at}" for at in range(5)]
