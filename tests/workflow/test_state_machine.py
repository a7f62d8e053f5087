"""Random schedules of everything that can happen to a session; after each step every invariant holds."""

import contextlib
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from books.exceptions import Conflict
from books.models import Chapter
from tests.workflow.invariants import broken
from tests.workflow.sessions import new_session
from workflow import recovery, stopping
from workflow.actions import (
    ask_again,
    cancel_session,
    pause_session,
    resume_session,
    retry_chapter,
    retry_session,
    start_session,
)
from workflow.agents.types import AgentError
from workflow.engine import driver, ending, writing
from workflow.engine.claims import Held, is_current
from workflow.engine.outcomes import FinishedChapter
from workflow.failures import Failure
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.transitions import LostRace

# More schedules, and longer ones, where the variable asks for them.
EXAMPLES = int(os.environ.get("CHAPTERFLOW_SCHEDULES", "25"))
STEPS = int(os.environ.get("CHAPTERFLOW_SCHEDULE_STEPS", "40"))
WRITER_FAILURES = sorted(set(Failure) - {Failure.WORKER_LOST, Failure.CANCELLED, Failure.BUDGET_EXCEEDED})
PERSONS: tuple[Callable[[ProcessingSession], object], ...] = (
    lambda session: pause_session(session, actor=None),
    lambda session: resume_session(session, actor=None),
    lambda session: cancel_session(session, actor=None),
    lambda session: retry_session(session, actor=None),
    lambda session: start_session(session.version, actor=None),
    lambda session: ask_again(session, actor=None),
)


class Broken(Exception):
    """Ends a transaction that is to be undone."""


class Schedule(RuleBasedStateMachine):
    """Steps of workers, people, the pacemaker and the clock on one session, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False)
        self.now = self.clock.start()
        self.held: list[Held] = []
        self.best = 0.0
        self.work = transaction.atomic()
        self.work.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.work.__exit__(None, None, None)
        self.clock.stop()
        stopping.reset()

    @initialize(chapters=st.integers(1, 5), data=st.data(), graph=st.booleans())
    def start(self, chapters: int, data: st.DataObject, graph: bool) -> None:
        before = {
            n: data.draw(st.sets(st.integers(1, n - 1)) if n > 1 else st.just(set()))
            for n in range(1, chapters + 1)
        }
        owner = User.objects.create(username=uuid.uuid4().hex)
        self.session = new_session(owner, chapters, after=before if graph else None)
        self.pk = self.session.pk

    # ---------------------------------------------------------------- workers

    @rule()
    def wake_up(self) -> None:
        """A worker begins, also where it was woken twice, late, or not at all."""
        self._take(driver._begin(self.pk, lambda: not stopping.is_requested()))

    @rule()
    def go_on(self) -> None:
        """A worker that has ended its work looks for more."""
        self._take(driver._claim(self.pk, lambda: True))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), may_claim=st.booleans())
    def succeed(self, data: st.DataObject, may_claim: bool) -> None:
        """A result comes, under a current token or an old one, once or again."""
        held = data.draw(st.sampled_from(self.held))
        if held.item is None:
            ending.run_phase(held)
            return
        held = replace(held, item=self._as_it_was(held))
        text = f"Chapter {held.item.number} is told."
        finished = FinishedChapter(title="Told", markdown=text, word_count=4, citations=())
        self._take(writing.until_stored(held, lambda: writing._store_and_claim(held, finished, may_claim)))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), code=st.sampled_from(WRITER_FAILURES), wait=st.sampled_from([None, 0.0, 60.0]))
    def fail(self, data: st.DataObject, code: Failure, wait: float | None) -> None:
        held = data.draw(st.sampled_from(self.held))
        error = AgentError(code, "no", wait)
        if held.item is None:
            self._raced(lambda: ending._settle_failure(held, error))
            return
        held = replace(held, item=self._as_it_was(held))
        self._take(writing.until_stored(held, lambda: writing._fail_and_claim(held, error, "so far", True)))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.held))
        if held.item is None:
            self._raced(lambda: ending._give_back(held))
            return
        held = replace(held, item=self._as_it_was(held))
        writing.until_stored(held, lambda: writing._give_back(held, "so far"))

    @rule()
    def end_slice(self) -> None:
        ending.finish_book(self.pk)
        driver._queue_again(self.pk)

    @rule()
    def lose_a_begun_step(self) -> None:
        """A worker is killed in a transaction: nothing of it is kept."""
        with pytest.raises(Broken), transaction.atomic():
            driver._begin(self.pk, lambda: True)
            raise Broken

    # ---------------------------------------------------------------- people, pacemaker, clock

    @rule(act=st.sampled_from(PERSONS))
    def act(self, act: Callable[[ProcessingSession], object]) -> None:
        """A person does something, or is refused."""
        session = ProcessingSession.objects.get(pk=self.pk)
        with contextlib.suppress(Conflict):
            act(session)

    @rule(data=st.data())
    def retry_one(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(list(self.session.items.order_by("number"))), label="chapter")
        with contextlib.suppress(Conflict):
            retry_chapter(item, actor=None)

    @rule()
    def tick(self) -> None:
        recovery.take_back_expired()
        recovery.wake_due()

    @rule()
    def forget_wake_ups(self) -> None:
        recovery.forget_wake_ups()

    @rule(seconds=st.sampled_from([1, 5, 31, 1000, -40]))
    def let_time_pass(self, seconds: int) -> None:
        self.now.shift(timedelta(seconds=seconds))

    # ---------------------------------------------------------------- what holds

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "pk"):
            assert broken(self.session) == []

    @invariant()
    def progress_never_goes_back(self) -> None:
        if hasattr(self, "pk"):
            session = ProcessingSession.objects.get(pk=self.pk)
            assert session.best_progress >= self.best
            self.best = session.best_progress

    def _take(self, held: Held | None) -> None:
        if held is not None:
            assert is_current(held)
            self.held.append(held)

    def _raced(self, settle: Callable[[], None]) -> None:
        with contextlib.suppress(LostRace):
            settle()

    def _as_it_was(self, held: Held) -> ChapterWorkflowItem:
        """Return the item as the worker that claimed it knows it, however long ago that was."""
        assert held.item is not None
        fresh = ChapterWorkflowItem.objects.get(pk=held.item.pk)
        fresh.status, fresh.token, fresh.attempt_count = "in_progress", held.token, held.attempt.number
        fresh.chapter = Chapter.objects.select_related("node", "version__book").get(pk=fresh.chapter_id)
        return fresh


def test_contract_holds_in_any_schedule(db: None) -> None:
    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize="CHAPTERFLOW_SCHEDULES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(Schedule, settings=profile)
