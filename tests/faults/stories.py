"""Books that are written, and what people do with them meanwhile, told so that they can be told again after a crash.

A step that a person takes is skipped where the events tell that it was taken; whatever goes wrong does so until the
events tell that it did. So the same story, begun anew on what a crash has left, ends in the same book.
"""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from django.conf import settings

from workflow import queue
from workflow.actions import (
    answer_question,
    apply_change,
    ask_again,
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
)
from workflow.agents import orchestrator
from workflow.contract.agent_types import AgentError
from workflow.contract.events import EventKind
from workflow.engine.budget.limits import Limits
from workflow.engine.claims import Claim
from workflow.engine.phases import consultation, ending, model_review
from workflow.engine.phases.harmonizing import LoadedBook
from workflow.engine.runs.attempts import AttemptFailed
from workflow.models import ProcessingSession, Provider

from .content_stories import content
from .queue_stories import wake_ups, with_a_short_lock
from .tellers import IN_VAIN, MODEL, POLITE, STORY, TROUBLED, UNDECIDED, Model, happened
from .telling import PATIENT_DRIVES, drive, once, started, version_of


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


def sequence() -> ProcessingSession:
    """Three chapters, one after the other, and nothing goes wrong."""
    session = started(3, STORY)
    drive(session)
    return session


def graph() -> ProcessingSession:
    """Five chapters in graph mode: two beside each other, one after both, two on their own."""
    session, _ = start_session(version_of(5), actor=None, writer=STORY, dependencies="graph")
    drive(session)
    return session


def troubles() -> ProcessingSession:
    """Four chapters with a stopped worker, failures, a cancel, a pause; then decisions on a change, and an answer."""
    session = ProcessingSession.objects.first() or started(4, TROUBLED)
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
    change = session.changes.order_by("pk")[0]
    once(EventKind.CHANGE_UNDONE, lambda: undo_change(change, actor=None))
    change.refresh_from_db()
    once(EventKind.CHANGE_APPLIED, lambda: apply_change(change, actor=None))
    question = session.questions.order_by("key")[0]
    once(EventKind.QUESTION_ANSWERED, lambda: answer_question(question, actor=None, answer="In May."))
    once(EventKind.QUESTIONS_REQUESTED, lambda: ask_again(session, actor=None))
    drive(session)
    return session


def model() -> ProcessingSession:
    """Two chapters by a model with a budget, harmonized with a model's help, and a queue outside the database."""
    session = ProcessingSession.objects.first() or started(2, MODEL, Limits(micros=None, tokens=1_000))
    drive(session)
    once(EventKind.BUDGET_RAISED, lambda: raise_budget(session, Limits(None, 100_000), actor=None))
    drive(session)
    once(EventKind.SESSION_RESTARTED, lambda: start_session(session.version, actor=None))
    drive(session)
    return session


def again() -> ProcessingSession:
    """Three chapters; then the first is asked for again, what builds on it after it, and the last in vain."""
    session = started(3, UNDECIDED)
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
    books = [started(chapters, POLITE) for chapters in (3, 2)]
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

    def consulted(
        claim: Claim, models: Any, told: str, withheld: Any, until: Any
    ) -> consultation.Consultation[Any]:
        return consultation.Consultation(
            claim, models, until.of_model, lambda all_: [tuple(all_)], _no_opinion
        )

    model_review._consultation = consulted
    consultation.Adviser = lambda models, until: SimpleNamespace(seconds_left=60.0)


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


# How each is told, and what is put in place before.
STORIES: Mapping[str, tuple[Callable[[], ProcessingSession], Callable[[], None]]] = {
    "sequence": (sequence, lambda: None),
    "graph": (graph, lambda: None),
    "troubles": (troubles, with_troubles),
    "model": (model, with_model),
    "again": (again, lambda: None),
    "turns": (turns, with_one_place),
    "wake_ups": (wake_ups, with_a_short_lock),
    "content": (content, lambda: None),
}
GRAPH = {3: [1, 2], 4: [3]}
