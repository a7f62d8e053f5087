"""Measures a chapter for storing, beside the writer's own metrics; a measure that breaks costs no chapter."""

import logging
from collections.abc import Iterable, Mapping

from workflow.agents.llm.prompt.preference_lines import wanted_words
from workflow.contract.agent_types import JSON, ChapterResult, ChapterTask, EarlierChapter, WrittenChapter
from workflow.quality import Sources, measure

logger = logging.getLogger(__name__)

# The key of `quality_metrics` that is ours; all others are the writer's.
MEASURED = "measured"


def measures_of(draft: ChapterResult, task: ChapterTask) -> dict[str, object]:
    """Return the writer's own metrics with ours. Compares with the chapters of the context only."""
    # Chapters outside the context would make the score depend on how fast others were written.
    sources = Sources(
        task.text_chunks, task.storyline_node, task.book_metadata, task.previous_context.chapters
    )
    return _with_measures(draft.quality_metrics, draft.content, sources, wanted_words(task.user_preferences))


def measures_again(
    before: JSON, written: WrittenChapter, book: JSON, earlier: Iterable[EarlierChapter]
) -> dict[str, object]:
    """Return `before` with ours measured again for the text of `written`, against the same chapters."""
    sources = Sources(written.chunks, written.node, book, tuple(earlier))
    target = wanted_words({"words_per_chapter": _measured(before).get("target_words")})
    return _with_measures(before, written.markdown, sources, target)


def compared_with(metrics: JSON) -> list[int]:
    """Return the numbers of the chapters that a text was compared with."""
    numbers = _measured(metrics).get("compared_with")
    return [number for number in numbers if isinstance(number, int)] if isinstance(numbers, list) else []


def score_in(metrics: JSON) -> float | None:
    """Return our score of a text, 0 to 1; None where there is none."""
    score = _measured(metrics).get("score")
    return float(score) if isinstance(score, int | float) else None


def _measured(metrics: JSON) -> JSON:
    found = metrics.get(MEASURED)
    return found if isinstance(found, Mapping) else {}


def _with_measures(own: JSON, markdown: str, sources: Sources, target: int) -> dict[str, object]:
    kept = {key: value for key, value in own.items() if key != MEASURED}
    try:
        return {**kept, MEASURED: measure(markdown, sources, target)}
    except Exception:
        # A chapter that is written and paid for is not lost over a figure.
        logger.exception("a chapter could not be measured")
        return kept
