"""Places with model providers: limits that all workers share, turns, and waits that all share."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from tests.workflow.engine.test_concurrency import together
from tests.workflow.sessions import kinds, let_waits_pass, new_session, statuses
from workflow.actions import cancel_session, pause_session, resume_session
from workflow.contract.agent_types import AgentError
from workflow.engine import advance
from workflow.engine.claims import Claim, claim_chapter, has_work_due
from workflow.engine.outcomes import FinishedChapter
from workflow.engine.slots.slots import Refusal, Slot, find_slot
from workflow.engine.writing import ClaimNext, _fail_and_claim, _give_back, _store_and_claim
from workflow.models import ChapterWorkflowItem, ProcessingSession, Provider
from workflow.transitions import session_transaction
from workflow.workers import recovery

OWN = "python:tests.writers:plain"
FAILING = "python:tests.writers:failing"
BOTH = "openai:large, anthropic:other"
FINISHED = FinishedChapter(title="Told", markdown="The river rose.", word_count=3, citations=())

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def models(settings: Settings) -> None:
    """Writers that tests may name."""
    settings.CHAPTERFLOW_WRITERS = ["quotations", "python:tests.writers:*", "openai:*", "anthropic:*"]


def begun(person: User, writer: str = OWN, chapters: int = 5) -> ProcessingSession:
    """Start a book whose chapters depend on none, and take its first wake-up in."""
    session = new_session(person, chapters, after={}, writer=writer)
    ProcessingSession.objects.filter(pk=session.pk).update(status="processing", woken_at=None)
    return session


def claim(session: ProcessingSession) -> Claim | None:
    with session_transaction(session.pk) as tx:
        return claim_chapter(tx)


def claimed(session: ProcessingSession) -> Claim:
    held = claim(session)
    assert held is not None
    return held


NOTHING_MORE = ClaimNext(lambda: False)


def fresh(session: ProcessingSession) -> ProcessingSession:
    return ProcessingSession.objects.get(pk=session.pk)


def is_woken(session: ProcessingSession) -> bool:
    return fresh(session).woken_at is not None


def finish(claim: Claim, *, may_claim: bool = False) -> Claim | None:
    return _store_and_claim(claim, FINISHED, ClaimNext(lambda: may_claim))


def limited(claim: Claim, seconds: float | None) -> None:
    _fail_and_claim(claim, AgentError("rate_limited", "slower, please", seconds), "", NOTHING_MORE)


def place_for(session: ProcessingSession, writer: str) -> Slot | Refusal:
    with session_transaction(session.pk) as tx:
        return find_slot(tx, writer)


class TestLimits:
    def test_all_books_together_keep_to_the_limit(self, person: User, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 2}
        first, second = begun(person), begun(person)
        claimed(first)
        claimed(second)

        assert claim(first) is None
        assert claim(second) is None
        assert ChapterWorkflowItem.objects.filter(status="in_progress").count() == 2

    def test_other_writers_are_not_held_back(self, person: User, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        claimed(begun(person))

        assert claim(begun(person, "quotations")) is not None
        assert claim(begun(person, FAILING)) is not None

    def test_models_of_one_account_share_its_places(self, person: User, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {"openai": 1}
        settings.CHAPTERFLOW_WRITERS = ["openai:*", "openai-chat:*"]
        claimed(begun(person, "openai:large"))

        assert claim(begun(person, "openai-chat:small")) is None

    def test_star_is_a_limit_for_each_and_all_for_all_together(
        self, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {"*": 2, "all": 3}
        one, other = begun(person, "openai:large"), begun(person, "anthropic:other")
        claimed(one)
        claimed(one)

        assert claim(one) is None
        assert claim(other) is not None
        assert claim(other) is None
        assert fresh(other).held_back_by == "|all|"

    @pytest.mark.parametrize("end", ["stored", "failed", "given_back", "lost", "cancelled"])
    def test_place_is_free_when_the_chapter_ends_however_it_ends(
        self, person: User, settings: Settings, end: str
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        first, second = begun(person), begun(person)
        held = claimed(first)
        assert claim(second) is None
        ends: dict[str, Callable[[], object]] = {
            "stored": lambda: finish(held),
            "failed": lambda: _fail_and_claim(held, AgentError("bad_credentials", "no"), "", NOTHING_MORE),
            "given_back": lambda: _give_back(held, ""),
            "lost": lambda: recovery.reclaim_expired(timedelta(seconds=-60)),
            "cancelled": lambda: cancel_session(first, actor=person),
        }

        ends[end]()
        recovery.wake_due()

        assert is_woken(second)
        assert claim(second) is not None

    def test_session_that_must_wait_queues_no_wake_up_after_another(
        self, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        first, second = begun(person), begun(person)
        claimed(first)

        advance(second.pk)
        recovery.wake_due()

        assert not is_woken(second)
        with session_transaction(second.pk) as tx:
            assert not has_work_due(tx)

    def test_chapter_by_another_writer_goes_ahead_of_those_that_must_wait(
        self, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        claimed(begun(person))
        session = begun(person)
        session.items.filter(number=4).update(writer="quotations")

        held = claimed(session)

        assert held.item is not None
        assert (held.item.number, held.attempt.agent) == (4, "quotations")
        assert fresh(session).held_back_at is None or claim(session) is None

    @pytest.mark.parametrize("writer", ["quotations", FAILING])
    def test_writer_without_a_provider_asks_the_database_nothing(self, person: User, writer: str) -> None:
        session = begun(person, writer)

        with session_transaction(session.pk) as tx, CaptureQueriesContext(connection) as queries:
            find_slot(tx, writer)

        assert len(queries) == 0


class TestTurns:
    def test_places_go_to_the_books_in_turn(self, person: User, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        books = [begun(person), begun(person), begun(person)]
        held = claimed(books[0])
        assert [claim(each) for each in books[1:]] == [None, None]
        order = []

        for _ in range(6):
            assert finish(held, may_claim=True) is None
            recovery.wake_due()
            woken = [at for at, book in enumerate(books) if is_woken(book)]
            order += woken
            held = claimed(books[woken[0]])
            ProcessingSession.objects.filter(pk__in=[book.pk for book in books]).update(woken_at=None)

        assert order == [1, 2, 0, 1, 2, 0]

    def test_newcomer_does_not_take_the_place_of_one_that_waits(
        self, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        first, waiting, newcomer = begun(person), begun(person), begun(person)
        held = claimed(first)
        assert claim(waiting) is None
        finish(held)

        assert claim(newcomer) is None
        assert claim(waiting) is not None

    @pytest.mark.parametrize("leave", [pause_session, cancel_session])
    def test_one_that_does_not_want_its_turn_holds_up_nobody(
        self, person: User, settings: Settings, leave: Callable[..., object]
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        first, leaving, other = begun(person), begun(person), begun(person)
        held = claimed(first)
        assert claim(leaving) is None
        leave(leaving, actor=person)
        finish(held)

        assert claim(other) is not None

    def test_worker_that_frees_a_place_wakes_the_next_at_once(
        self, control: Path, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {FAILING: 1}
        rival, first, second = begun(person, FAILING), begun(person, FAILING), begun(person, FAILING)
        held = claimed(rival)
        assert [claim(first), claim(second)] == [None, None]
        finish(held)

        advance(first.pk)

        assert statuses(first).count("generated") == 1
        assert is_woken(second)

    def test_event_says_that_a_book_waits_while_nothing_of_it_is_written(
        self, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        first, second = begun(person), begun(person)
        claimed(first)

        assert claim(first) is None
        assert claim(second) is None
        assert claim(second) is None
        assert kinds(first).count("held_back") == 0
        assert kinds(second).count("held_back") == 1

    def test_resumed_book_stands_in_line_like_any_other(self, person: User, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 1}
        first, second = begun(person), begun(person)
        held = claimed(first)
        assert claim(second) is None
        pause_session(second, actor=person)
        resume_session(second, actor=person)
        finish(held)

        assert claim(second) is not None


def let_the_wait_pass(*sessions: ProcessingSession) -> None:
    Provider.objects.update(cooling_until=timezone.now() - timedelta(seconds=1))
    for session in sessions:
        let_waits_pass(session)


class TestSharedWait:
    @pytest.fixture(autouse=True)
    def roomy(self, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 8}

    def test_no_worker_runs_into_the_same_wall(self, person: User) -> None:
        first, second = begun(person), begun(person)
        limited(claimed(first), 30)

        assert claim(first) is None
        assert claim(second) is None
        let_the_wait_pass(first, second)
        assert claim(first) is not None

    def test_first_chapter_after_the_wait_goes_alone_and_success_lets_more_follow(self, person: User) -> None:
        first, second = begun(person), begun(person)
        limited(claimed(first), 30)
        assert claim(second) is None
        let_the_wait_pass(first, second)

        held = claimed(second)

        assert claim(first) is None
        finish(held)
        assert claim(first) is not None
        assert claim(second) is not None

    def test_wait_is_never_shortened(self, person: User) -> None:
        first, second = begun(person), begun(person)
        one, other = claimed(first), claimed(second)

        limited(one, 300)
        long = Provider.objects.get().cooling_until
        limited(other, 5)

        assert long is not None
        assert long > timezone.now() + timedelta(seconds=200)
        assert Provider.objects.get().cooling_until == long

    def test_several_workers_at_one_wall_halve_once(self, person: User) -> None:
        session = begun(person, chapters=8)
        held = [claimed(session) for _ in range(8)]

        for each in held[:3]:
            limited(each, 30)

        assert Provider.objects.get().ceiling == 4

    def test_success_leads_back_to_what_the_installation_allows(
        self, person: User, settings: Settings
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {OWN: 3}
        session = begun(person, chapters=6)
        limited(claimed(session), 30)
        let_the_wait_pass(session)

        ceilings = []
        for _ in range(3):
            finish(claimed(session))
            ceilings.append(Provider.objects.get().ceiling)

        assert ceilings == [2, None, None]

    def test_wait_is_over_for_whoever_stands_in_line(self, person: User) -> None:
        first, second = begun(person), begun(person)
        limited(claimed(first), 30)
        assert [claim(second), claim(first)] == [None, None]
        ProcessingSession.objects.update(woken_at=None)
        recovery.wake_due()
        assert not is_woken(second)
        let_the_wait_pass(second)

        recovery.wake_due()

        assert is_woken(second)
        assert not is_woken(first)

    def test_python_writer_without_a_limit_waits_alone(self, person: User) -> None:
        first, second = begun(person, FAILING), begun(person, FAILING)
        limited(claimed(first), 30)

        assert claim(second) is not None
        assert not Provider.objects.exists()


class TestListsOfModels:
    def test_model_whose_provider_asked_to_slow_down_is_left_out(
        self, person: User, settings: Settings
    ) -> None:
        session = begun(person, BOTH)
        Provider.objects.create(name="openai", cooling_until=timezone.now() + timedelta(seconds=60))

        assert place_for(session, BOTH) == Slot("anthropic:other", "|anthropic|")
        held = claimed(session)
        assert held.attempt.agent == "anthropic:other"

    def test_waits_only_where_none_of_the_list_has_room(self, person: User, settings: Settings) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {"anthropic": 1}
        session = begun(person, BOTH)
        Provider.objects.create(name="openai", cooling_until=timezone.now() + timedelta(seconds=60))
        claimed(session)

        assert place_for(session, BOTH) == Refusal(("openai", "anthropic"))

    def test_provider_that_a_list_got_round_is_left_alone_by_all(self, person: User) -> None:
        session = begun(person, BOTH)
        held = claimed(session)
        held.rate_limits["openai:large"] = 45.0

        finish(held)

        assert place_for(session, BOTH) == Slot("anthropic:other", "|anthropic|")
        assert place_for(session, "openai:large") == Refusal(("openai",))


class TestWhatIsSaid:
    def page(self, session: ProcessingSession, person: User, client_of: Callable[[User], Client]) -> str:
        version = session.version
        page = client_of(person).get(reverse("board", args=[version.book.book_id, version.number]))
        return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())

    def test_board_and_api_say_for_whom_a_book_waits(
        self, person: User, settings: Settings, client_of: Callable[[User], Client]
    ) -> None:
        settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {"openai": 1}
        first, second = begun(person, "openai:large"), begun(person, "openai:large")
        claimed(first)
        assert claim(second) is None

        page = self.page(second, person, client_of)
        api = client_of(person).get(f"/api/sessions/{second.pk}").json()

        said = "This installation writes at most 1 chapter at once with OpenAI. It goes on by itself."
        assert f"Waiting for OpenAI {said}" in page
        assert "The next chapter waits for OpenAI." in page
        assert (api["waits_for"], api["message"]) == (["openai"], f"Waiting for OpenAI. {said}")
        assert "Waiting for OpenAI" not in self.page(first, person, client_of)

    def test_board_says_until_when_a_provider_is_left_alone(
        self, person: User, client_of: Callable[[User], Client]
    ) -> None:
        first, second = begun(person, "openai:large"), begun(person, "openai:large")
        limited(claimed(first), 600)
        assert claim(second) is None

        page = self.page(second, person, client_of)

        assert "The provider asked us to slow down" in page
        assert "No chapter of any book is begun with OpenAI for a while." in page

    def test_board_says_that_fewer_are_written_after_a_wait(
        self, person: User, client_of: Callable[[User], Client]
    ) -> None:
        first, second = begun(person, "openai:large"), begun(person, "openai:large")
        Provider.objects.create(name="openai", ceiling=1)
        claimed(first)
        assert claim(second) is None

        assert "OpenAI asked us to slow down a short while ago, so at most 1 chapter" in self.page(
            second, person, client_of
        )


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_never_pass_the_limit(control: Path, settings: Settings) -> None:
    person = User.objects.create_user("emm")
    settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {FAILING: 2}
    books = [new_session(person, 6, after={}, writer=FAILING) for _ in range(4)]
    over = threading.Event()
    seen: list[int] = []

    def work(session: ProcessingSession) -> None:
        while fresh(session).status not in {"completed", "failed"} and not over.is_set():
            advance(session.pk)

    def look() -> None:
        while not over.wait(0.005):
            seen.append(ChapterWorkflowItem.objects.filter(status="in_progress").count())
        connection.close()

    watching = threading.Thread(target=look)
    watching.start()
    stop = threading.Timer(50, over.set)
    stop.start()
    try:
        together([*(lambda session=session: work(session) for session in books)] * 2)
    finally:
        over.set()
        stop.cancel()
        watching.join()

    assert [fresh(session).status for session in books] == ["completed"] * 4
    assert 0 < max(seen) <= 2
    assert all(session.held_back_at is None for session in map(fresh, books))
