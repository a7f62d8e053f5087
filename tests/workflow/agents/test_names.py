"""The agents' tasks and results have the names of the specification; those of before work until 1.0."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from books.models import ChapterRevision
from tests.workflow.quotation_tasks import make_task
from tests.workflow.sessions import new_session, statuses
from workflow.agents import orchestrator
from workflow.agents.drafting.drafts import check_draft
from workflow.agents.orchestrator import RULES, AgentOrchestrator, result_of
from workflow.contract.agent_types import (
    AgentError,
    ChapterDraft,
    ChapterResult,
    ChapterTask,
    OnText,
    SourceChunk,
    SourceNode,
    WrittenChapter,
)
from workflow.contract.failures import Failure
from workflow.engine import advance
from workflow.harmonization import RULE_KEYS, HarmonizerTask
from workflow.models import Attempt

PLAIN = "python:tests.writers:plain"
TASK = make_task(SourceChunk(id="c1", text="The river rose."))


def names(kind: type) -> set[str]:
    return {each.name for each in fields(kind)}


def test_task_and_result_of_a_writer_have_the_names_of_the_specification() -> None:
    assert names(ChapterTask) >= {
        "task_type",
        "chapter_number",
        "title",
        "storyline_node",
        "text_chunks",
        "previous_context",
        "book_metadata",
        "user_preferences",
    }
    assert TASK.task_type == "write_chapter"
    assert names(ChapterResult) >= {
        "success",
        "title",
        "content",
        "themes",
        "participants",
        "tags",
        "source_chunk_ids",
        "confidence",
        "quality_score",
        "quality_metrics",
        "error",
    }


def test_task_answers_to_the_names_of_before() -> None:
    assert TASK.number == TASK.chapter_number
    assert TASK.node is TASK.storyline_node
    assert TASK.chunks is TASK.text_chunks
    assert TASK.context is TASK.previous_context
    assert TASK.book is TASK.book_metadata
    assert TASK.preferences is TASK.user_preferences


@pytest.mark.parametrize(
    "answer",
    [
        {"content": "Told.", "title": "A year", "tags": ["river"]},
        {"markdown": "Told.", "title": "A year", "tags": ["river"]},
        ChapterResult("Told.", "A year", tags=("river",)),
        ChapterDraft("Told.", "A year", tags=("river",)),
        ChapterDraft(markdown="Told.", title="A year", tags=("river",)),
        replace(ChapterDraft(markdown="Untold.", title="A year", tags=("river",)), markdown="Told."),
        replace(ChapterDraft(markdown="Told.", tags=("river",)), title="A year"),
    ],
)
def test_result_is_the_same_by_its_names_of_now_and_of_before(answer: object) -> None:
    result = result_of(answer)

    assert (result.content, result.markdown) == ("Told.", "Told.")
    assert (result.title, result.tags, result.success) == ("A year", ("river",), True)
    assert check_draft(result, TASK).content == "Told."


def test_text_by_the_new_name_wins() -> None:
    assert result_of({"content": "New.", "markdown": "Old."}).content == "New."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"success": False, "error": "the archive is closed"}, "the archive is closed"),
        (ChapterResult("Told.", success=False, error="the archive is closed"), "the archive is closed"),
        ({"success": False}, "the writer had no success and did not say why"),
    ],
)
def test_result_without_success_is_a_failure(answer: object, said: str) -> None:
    with pytest.raises(AgentError) as raised:
        result_of(answer)

    assert (raised.value.code, raised.value.message) == (Failure.WRITER_ERROR, said)


@pytest.fixture
def answers(control: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, object]], None]:
    """Let the plain writer answer what the test says."""

    def set_to(answer: Mapping[str, object]) -> None:
        def write(self: object, task: ChapterTask, on_text: OnText) -> Mapping[str, object]:
            return answer

        monkeypatch.setattr("tests.writers.PlainWriter.write", write)

    return set_to


def test_attempt_without_success_failed_and_is_tried_again(
    person: User, answers: Callable[[Mapping[str, object]], None]
) -> None:
    answers({"success": False, "error": "the archive is closed"})
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.error_code, attempt.error_message) == (
        "failed",
        "writer_error",
        "the archive is closed",
    )
    assert statuses(session) == ["pending"]


@pytest.mark.parametrize(("given", "kept"), [(0.7, 0.7), (7, None), (float("nan"), None), ("good", None)])
def test_own_score_of_a_writer_stands_beside_the_measured_one(
    person: User, answers: Callable[[Mapping[str, object]], None], given: object, kept: float | None
) -> None:
    answers({"content": "She tells of the river. [c-1]", "quality_score": given})
    session = new_session(person, 1, writer=PLAIN)

    advance(session.pk)

    metrics = ChapterRevision.objects.filter(origin="writer").get().quality_metrics
    assert metrics.get("own_quality_score") == kept
    assert "score" in metrics["measured"]


def harmonizer_task(*texts: str) -> HarmonizerTask:
    chapters = [
        WrittenChapter(number, f"Year {number}", text, SourceNode(f"n{number}", f"Year {number}"), ())
        for number, text in enumerate(texts, start=1)
    ]
    return HarmonizerTask("river", "v1", chapters, RULE_KEYS)


def test_harmonizer_task_has_the_names_of_the_specification() -> None:
    assert names(HarmonizerTask) >= {"task_type", "book_id", "book_version", "chapters", "consistency_rules"}
    assert harmonizer_task().task_type == "harmonize_chapters"


def test_harmonizer_returns_its_changes_by_chapter() -> None:
    result = AgentOrchestrator(RULES).execute_harmonizer_task(
        harmonizer_task("All is well.", "She she tells.")
    )

    assert (result.success, result.error) == (True, "")
    assert [(number, len(found)) for number, found in result.changes.items()] == [(2, 1)]


def test_harmonizer_that_breaks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*args: object, **options: object) -> None:
        raise ZeroDivisionError("no chapters")

    monkeypatch.setattr(orchestrator, "find_all", breaks)

    result = AgentOrchestrator(RULES).execute_harmonizer_task(harmonizer_task("Told."))

    assert (result.success, result.error) == (False, "ZeroDivisionError: no chapters")
    assert result.changes == {}
