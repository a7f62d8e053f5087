"""Books that are written, and what people do with them meanwhile, told so that they can be told again after a crash.

A step that a person takes is skipped where the events tell that it was taken; whatever goes wrong does so until the
events tell that it did. So the same story, begun anew on what a crash has left, ends in the same book.
"""

import json
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from django.conf import settings

from books.models import BookVersion
from tests.storylines import storyline
from workflow import queue, recovery, stopping
from workflow.actions import (
    answer_question,
    ask_again,
    cancel_session,
    end_wait,
    pause_session,
    raise_budget,
    regenerate_chapter,
    regenerate_outdated,
    resume_session,
    retry_chapter,
    retry_session,
    start_session,
    undo_change,
    withdraw_regeneration,
)
from workflow.agents import orchestrator
from workflow.agents.llm import Quote, Watch
from workflow.agents.types import AgentError, ChapterTask, OnText
from workflow.budgets import Limits
from workflow.engine import advance, advice, attempts, checkpoints, ending, judging, verdicts
from workflow.engine.attempts import AttemptFailed
from workflow.engine.claims import Held
from workflow.engine.harmonizing import LoadedBook
from workflow.events import EventKind
from workflow.models import ChapterWorkflowItem, Event, ProcessingSession, Provider

MODEL = "openai-chat:house"
STORY = "python:tests.faults.stories:teller"
UNDECIDED = "python:tests.faults.stories:undecided"
IN_VAIN = "In vain."
POLITE = "python:tests.faults.stories:polite"
TROUBLED = "python:tests.faults.stories:troubled"
PATIENT_DRIVES = 30


def happened(kind: EventKind, **what: object) -> int:
    """Return how many such events there are."""
    return Event.objects.filter(kind=kind, **what).count()


def told_of(chapters: int, after: Mapping[int, list[int]] | None) -> bytes:
    """Return a storyline whose last node rests on nothing, so that there is a question to ask."""
    document = json.loads(storyline(chapters, after))
    document["nodes"][-1] |= {"chunk_ids": [], "summary": "The ferry was sold."}
    return json.dumps(document).encode()


def text_of(task: ChapterTask) -> dict[str, object]:
    """Return a chapter with a reference that the harmonizer puts right."""
    cited = f"[{task.chunks[0].id}]" if task.chunks else ""
    return {
        "markdown": f"In this year the river rose. {cited}\n\nAs told in Chapter 2, “Year 1”, it fell. {cited}",
        "title": task.node.title,
    }


class Teller:
    """Writes at once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        return text_of(task)


class TroubledTeller:
    """Is stopped in chapter 1, fails with 2 and 4, and is cancelled in 3: once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        TROUBLES[task.number](on_text)
        return text_of(task)


class UndecidedTeller:
    """Is told in the middle of a chapter that the text of before is to be kept: once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.note == IN_VAIN and not happened(EventKind.REGENERATION_WITHDRAWN):
            withdraw_regeneration(ChapterWorkflowItem.objects.get(number=task.number), actor=None)
            _wait(on_text, 30)
        return text_of(task)


class PoliteTeller:
    """Lets another book come in the middle of a first chapter, and is told to slow down in a third: once each."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.number == 1 and not happened(EventKind.HELD_BACK):
            advance(ProcessingSession.objects.get(total_chapters=2).pk)
        if task.number == 3 and not happened(EventKind.ATTEMPT_FAILED, item__number=3):
            raise AgentError("rate_limited", "slower, please", 3_600)
        return text_of(task)


def polite() -> PoliteTeller:
    """Make a PoliteTeller."""
    return PoliteTeller()


def undecided() -> UndecidedTeller:
    """Make an UndecidedTeller."""
    return UndecidedTeller()


def teller() -> Teller:
    """Make a Teller."""
    return Teller()


def troubled() -> TroubledTeller:
    """Make a TroubledTeller."""
    return TroubledTeller()


def _stopped(on_text: OnText) -> None:
    on_text("Slowly, ")
    if not happened(EventKind.ATTEMPT_STOPPED, item__number=1):
        stopping.request_here()
    _wait(on_text)


def _failing(on_text: OnText) -> None:
    if not happened(EventKind.ATTEMPT_FAILED, item__number=2):
        raise AgentError("provider_error", "the provider says no")
    if not happened(EventKind.CHAPTER_FAILED, item__number=2):
        raise AgentError("bad_credentials", "the key is wrong")


def _cancelled(on_text: OnText) -> None:
    if not happened(EventKind.SESSION_CANCELLED):
        on_text("In vain ")
        cancel_session(ProcessingSession.objects.get(), actor=None)
        _wait(on_text, 30)


def _failing_at_the_end(on_text: OnText) -> None:
    if not happened(EventKind.CHAPTER_FAILED, item__number=4):
        raise AgentError("bad_credentials", "the key is wrong")


TROUBLES: Mapping[int, Callable[[OnText], None]] = {
    1: _stopped,
    2: _failing,
    3: _cancelled,
    4: _failing_at_the_end,
}


def _wait(on_text: OnText, seconds: float = 0.4) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)
        on_text("word ")


class Model:
    """Stands in for a model's writer: asks before each call, and says what it came to."""

    def __init__(self, writer: str, watch: Watch) -> None:
        self.watch = watch

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        self.watch.clear(Quote(MODEL, 1_000, 1_000))
        call = {"model": MODEL, "input": 900, "output": 500, "cached": 0, "cost_micros": 1_000}
        self.watch.note_usage({"calls": [call]})
        if task.number == 2 and not happened(EventKind.SESSION_CANCELLED):
            cancel_session(ProcessingSession.objects.get(), actor=None)
            _wait(on_text, 30)
        chapter = text_of(task)
        # What the rules cannot put right by themselves, the model is asked about.
        doubtful = str(chapter["markdown"]).replace("Year 1", "The Missing Door")
        return {**chapter, "markdown": doubtful, "usage": {"calls": [call]}}


class FarQueue:
    """A queue outside the database, that is away at first."""

    is_in_database = False
    has_refused = False

    def waiting_tasks(self) -> list[object]:
        return []

    def push(self, *args: object, **options: object) -> None:
        if not self.has_refused:
            self.has_refused = True
            raise ConnectionError("the queue is away")


def prepare() -> None:
    """Let everything happen at once: no waiting between tries, small batches, a checkpoint at every look."""
    settings.CHAPTERFLOW_WRITERS = [STORY, TROUBLED, UNDECIDED, POLITE, MODEL]
    settings.CHAPTERFLOW_LEASE_SECONDS = 0.3
    checkpoints.CHECKPOINT_SECONDS = 0.0
    stopping.GRACE_SECONDS = 0.0
    attempts.CHECK_SECONDS = attempts.TICK_SECONDS = 0.05
    ending.CHAPTERS_PER_BATCH = 1
    ending.COMPLETED_PER_BATCH = 2
    no_wait = verdicts.timedelta(0)
    verdicts.wait_before_next = lambda attempt, retry_after: no_wait


def drive(session: ProcessingSession) -> None:
    """Do what pacemaker and workers do until nothing happens any more."""
    for _ in range(PATIENT_DRIVES):
        before = Event.objects.count()
        recovery.take_back_from_dead()
        recovery.forget_wake_ups()
        recovery.wake_due()
        advance(session.pk)
        stopping.reset()
        if Event.objects.count() == before:
            return
    raise AssertionError("the session never came to rest")


def once(kind: EventKind, step: Callable[[], object], **what: object) -> None:
    """Take a person's step, unless the events tell that it was taken."""
    if not happened(kind, **what):
        step()


def _started(chapters: int, writer: str, limits: Limits | None = None) -> ProcessingSession:
    session, _ = start_session(_version_of(chapters), actor=None, writer=writer, limits=limits)
    return session


def _version_of(chapters: int) -> BookVersion:
    [version] = [each for each in BookVersion.objects.all() if each.nodes.count() == chapters]
    return version


def sequence() -> ProcessingSession:
    """Three chapters, one after the other, and nothing goes wrong."""
    session = _started(3, STORY)
    drive(session)
    return session


def graph() -> ProcessingSession:
    """Five chapters in graph mode: two beside each other, one after both, two on their own."""
    session, _ = start_session(_version_of(5), actor=None, writer=STORY, dependencies="graph")
    drive(session)
    return session


def troubles() -> ProcessingSession:
    """Four chapters: a worker that stops, failures, a cancel, a pause; then a change undone and a question answered."""
    session = ProcessingSession.objects.first() or _started(4, TROUBLED)
    once(EventKind.SESSION_PAUSED, lambda: pause_session(session, actor=None))
    once(EventKind.SESSION_RESUMED, lambda: resume_session(session, actor=None))
    drive(session)
    second = session.items.get(number=2)
    once(EventKind.CHAPTER_RETRIED, lambda: retry_chapter(second, actor=None), item=second)
    drive(session)
    once(EventKind.SESSION_RESTARTED, lambda: start_session(session.version, actor=None))
    drive(session)
    fourth = session.items.get(number=4)
    once(EventKind.CHAPTER_RETRIED, lambda: retry_session(session, actor=None), item=fourth)
    drive(session)
    once(
        EventKind.CHANGE_UNDONE, lambda: undo_change(session.changes.filter(status="applied")[0], actor=None)
    )
    question = session.questions.order_by("key")[0]
    once(EventKind.QUESTION_ANSWERED, lambda: answer_question(question, actor=None, answer="In May."))
    once(EventKind.QUESTIONS_REQUESTED, lambda: ask_again(session, actor=None))
    drive(session)
    return session


def model() -> ProcessingSession:
    """Two chapters by a model with a budget, harmonized with a model's help, and a queue outside the database."""
    session = ProcessingSession.objects.first() or _started(2, MODEL, Limits(micros=None, tokens=1_000))
    drive(session)
    once(EventKind.BUDGET_RAISED, lambda: raise_budget(session, Limits(None, 100_000), actor=None))
    drive(session)
    once(EventKind.SESSION_RESTARTED, lambda: start_session(session.version, actor=None))
    drive(session)
    return session


def again() -> ProcessingSession:
    """Three chapters; then the first is asked for again, what builds on it after it, and the last in vain."""
    session = _started(3, UNDECIDED)
    drive(session)
    first, last = session.items.get(number=1), session.items.get(number=3)
    requested = EventKind.REGENERATION_REQUESTED
    once(requested, lambda: regenerate_chapter(first, actor=None, note="More."), item=first)
    drive(session)
    once(requested, lambda: regenerate_outdated(session, actor=None), item=last)
    drive(session)
    if happened(requested, item=last) < 2:
        regenerate_chapter(last, actor=None, note=IN_VAIN)
    drive(session)
    return session


def turns() -> ProcessingSession:
    """Two books for whose writer there is one place; it is told to slow down, and a person does not wait for that."""
    books = [_started(chapters, POLITE) for chapters in (3, 2)]
    for _ in range(PATIENT_DRIVES):
        for session in books:
            drive(session)
        for provider in Provider.objects.filter(cooling_until__isnull=False):
            end_wait(provider)
        if not ProcessingSession.objects.exclude(status="completed").exists():
            return books[0]
    raise AssertionError("the books never came to their end")


def with_one_place() -> None:
    """Let one chapter at once be written by the polite teller."""
    settings.CHAPTERFLOW_CHAPTERS_AT_ONCE = {POLITE: 1}


def with_model() -> None:
    """Put stand-ins in the places of a model and of the queue."""
    settings.CHAPTERFLOW_HARMONIZER = MODEL
    orchestrator.ModelWriter = Model
    far = FarQueue()
    queue.get_broker, queue.async_task = (lambda: far), far.push

    def consulted(held: Held, models: Any, told: str, until: Any) -> advice.Consultation[Any]:
        return advice.Consultation(held, models, until.of_model, lambda all_: [tuple(all_)], _no_opinion)

    judging._consultation = consulted
    advice.Adviser = lambda models, until: SimpleNamespace(seconds_left=60.0)


def _no_opinion(*args: object) -> dict[str, object]:
    return {}


def with_troubles() -> None:
    """Let harmonizing fail once, and its worker stop once."""
    real = ending.load_book

    def load_book(session: ProcessingSession) -> LoadedBook:
        if not happened(EventKind.HARMONIZING_FAILED):
            raise AttemptFailed(AgentError("provider_error", "not now"), "")
        if not happened(EventKind.ATTEMPT_STOPPED, item=None):
            raise ending.Stopped("")
        return real(session)

    ending.load_book = load_book


STORIES: Mapping[str, tuple[int, Callable[[], ProcessingSession], Callable[[], None]]] = {
    "sequence": (3, sequence, lambda: None),
    "graph": (5, graph, lambda: None),
    "troubles": (4, troubles, with_troubles),
    "model": (2, model, with_model),
    "again": (3, again, lambda: None),
    "turns": (3, turns, with_one_place),
}
GRAPH = {3: [1, 2], 4: [3]}
