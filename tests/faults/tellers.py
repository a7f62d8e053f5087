"""Those who write the stories' books: what goes wrong with them does so until the events tell that it did."""

import json
import time
from collections.abc import Callable, Mapping

from chapterflow_site.core import crash_points
from tests.storylines import storyline
from workflow.actions import cancel_session, withdraw_regeneration
from workflow.agents.llm import Quote, Watch
from workflow.contract.agent_types import AgentError, ChapterTask, OnText
from workflow.contract.events import EventKind
from workflow.engine import advance
from workflow.models import ChapterWorkflowItem, Event, ProcessingSession
from workflow.processes import stopping

MODEL = "openai-chat:house"
STORY = "python:tests.faults.tellers:teller"
UNDECIDED = "python:tests.faults.tellers:undecided"
IN_VAIN = "In vain."
POLITE = "python:tests.faults.tellers:polite"
TROUBLED = "python:tests.faults.tellers:troubled"
# Longer than any wait of these lasts, also where the machine has much else to do.
PATIENCE_SECONDS = 60
# Passed while somebody writes slowly, and for certain in the story of troubles only.
OF_SLOW_WRITING = ("renew", "checkpoint")


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
    cited = f"[{task.text_chunks[0].id}]" if task.text_chunks else ""
    return {
        "markdown": f"In this year the river rose. {cited}\n\nAs told in Chapter 2, “Year 1”, it fell. {cited}",
        "title": task.storyline_node.title,
    }


class Teller:
    """Writes at once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        return text_of(task)


class TroubledTeller:
    """Is stopped in chapter 1, fails with 2 and 4, and is cancelled in 3: once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        TROUBLES[task.chapter_number](on_text)
        return text_of(task)


class UndecidedTeller:
    """Is told in the middle of a chapter that the text of before is to be kept: once."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.note == IN_VAIN and not happened(EventKind.REGENERATION_WITHDRAWN):
            _write_until(on_text, "checkpoint")
            withdraw_regeneration(ChapterWorkflowItem.objects.get(number=task.chapter_number), actor=None)
            _wait(on_text)
        return text_of(task)


class PoliteTeller:
    """Lets another book come in the middle of a first chapter, and is told to slow down in a third: once each."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.chapter_number == 1 and not happened(EventKind.HELD_BACK):
            advance(ProcessingSession.objects.get(total_chapters=2).pk)
        if task.chapter_number == 3 and not happened(EventKind.ATTEMPT_FAILED, item__number=3):
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
    for place in OF_SLOW_WRITING:
        _write_until(on_text, place)


def _failing(on_text: OnText) -> None:
    if not happened(EventKind.ATTEMPT_FAILED, item__number=2):
        raise AgentError("provider_error", "the provider says no")
    if not happened(EventKind.CHAPTER_FAILED, item__number=2):
        raise AgentError("bad_credentials", "the key is wrong")


def _cancelled(on_text: OnText) -> None:
    if not happened(EventKind.SESSION_CANCELLED):
        _write_until(on_text, "checkpoint")
        cancel_session(ProcessingSession.objects.get(), actor=None)
        _wait(on_text)


def _failing_at_the_end(on_text: OnText) -> None:
    if not happened(EventKind.CHAPTER_FAILED, item__number=4):
        raise AgentError("bad_credentials", "the key is wrong")


TROUBLES: Mapping[int, Callable[[OnText], None]] = {
    1: _stopped,
    2: _failing,
    3: _cancelled,
    4: _failing_at_the_end,
}


def _write_until(on_text: OnText, place: str) -> None:
    """Write until the place is passed once more, however busy the machine is; after a checkpoint some text is kept."""
    before = crash_points.passed[place, crash_points.AFTER]
    _wait(on_text, lambda: crash_points.passed[place, crash_points.AFTER] > before)


def _wait(on_text: OnText, is_over: Callable[[], bool] = lambda: False) -> None:
    """Write until `is_over`, or until `on_text` raises that the chapter is not wanted any more."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and not is_over():
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
        if task.chapter_number == 2 and not happened(EventKind.SESSION_CANCELLED):
            _write_until(on_text, "checkpoint")
            cancel_session(ProcessingSession.objects.get(), actor=None)
            _wait(on_text)
        chapter = text_of(task)
        # What the rules cannot put right by themselves, the model is asked about.
        doubtful = str(chapter["markdown"]).replace("Year 1", "The Missing Door")
        return {**chapter, "markdown": doubtful, "usage": {"calls": [call]}}
