"""The metrics of a chapter as the engine stores them: with its text, and anew with each later text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.workflow.sessions import item, new_session, statuses
from workflow.actions import undo_change
from workflow.contract.agent_types import ChapterTask, OnText
from workflow.engine import advance, measuring
from workflow.models import HarmonizationChange, ProcessingSession

PLAIN = "python:tests.writers:plain"
Write = Callable[[ChapterTask], dict[str, object]]
INVENTED = "In the year 1810 the river rose, and Wilhelm Kessler came with the boat and the hens."


@pytest.fixture
def written(
    person: User, control: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Write, int], ProcessingSession]:
    """Write a book to its end, each chapter as the test says."""

    def write_book(write: Write, chapters: int) -> ProcessingSession:
        def write_one(self: object, task: ChapterTask, on_text: OnText) -> dict[str, object]:
            return write(task)

        monkeypatch.setattr("tests.writers.PlainWriter.write", write_one)
        session = new_session(person, chapters, writer=PLAIN)
        for _ in range(3):
            advance(session.pk)
        return session

    return write_book


Written = Callable[[Write, int], ProcessingSession]


def metrics_of(session: ProcessingSession, number: int) -> dict[str, object]:
    revision = item(session, number).chapter.current_revision
    assert revision is not None
    return revision.quality_metrics


def invents(task: ChapterTask) -> dict[str, object]:
    return {"markdown": f"{task.text_chunks[0].text} {INVENTED} [{task.text_chunks[0].id}]"}


def test_every_backend_is_measured_and_the_board_has_the_score(person: User) -> None:
    session = new_session(person, 2)
    advance(session.pk)

    stored = item(session, 1)

    assert metrics_of(session, 1)["measured"]["grounding"]["share"] == 1.0
    assert stored.quality_score == stored.chapter.current_revision.quality_score > 0.8


def test_invented_year_and_name_lower_the_score_and_are_kept_with_the_text(written: Written) -> None:
    session = written(invents, 1)

    measured = metrics_of(session, 1)["measured"]

    assert measured["weak"][0]["numbers"] == ["1810"]
    assert measured["weak"][0]["names"] == ["Wilhelm Kessler"]
    assert item(session, 1).quality_score == measured["score"] < 0.8


def test_a_writers_own_metrics_stay_beside_ours(written: Written) -> None:
    own = {"quality_score": 1.0, "taste": "fine", "measured": "mine"}

    session = written(lambda task: {**invents(task), "quality_metrics": own}, 1)

    metrics = metrics_of(session, 1)
    assert (metrics["quality_score"], metrics["taste"]) == (1.0, "fine")
    assert item(session, 1).quality_score == metrics["measured"]["score"] < 0.8


def test_a_chapter_is_compared_with_those_that_it_comes_after(written: Written) -> None:
    session = written(invents, 9)

    measured = metrics_of(session, 9)["measured"]

    assert measured["compared_with"] == [3, 4, 5, 6, 7, 8]
    assert measured["said_before"][0]["chapter"] == 8
    assert measured["repetition_across"] > 0.5


def test_metrics_that_break_cost_no_chapter(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object) -> None:
        raise RecursionError

    monkeypatch.setattr(measuring, "measure", breaks)

    session = written(lambda task: {"markdown": "Told.", "quality_metrics": {"taste": 1}}, 1)

    assert statuses(session) == ["completed"]
    assert metrics_of(session, 1) == {"taste": 1}
    assert item(session, 1).quality_score is None


def test_the_harmonizers_text_and_an_undone_one_are_measured_anew(written: Written) -> None:
    def leaves_a_note(task: ChapterTask) -> dict[str, object]:
        text = task.text_chunks[0].text
        return {
            "markdown": f"{text} [{task.text_chunks[0].id}]\n\nTODO: say more\n\nSo it was told by the river."
        }

    session = written(leaves_a_note, 1)
    harmonized = item(session, 1)
    assert metrics_of(session, 1)["measured"]["leftovers"] == []
    assert harmonized.quality_score == harmonized.chapter.current_revision.quality_score > 0.5

    undo_change(HarmonizationChange.objects.get(replace=""), actor=None)

    assert metrics_of(session, 1)["measured"]["leftovers"] == ["TODO: say more"]
    assert item(session, 1).quality_score <= 0.5
