"""Checks a writer's draft against its task and makes it fit to be stored."""

import json
import math
import re
from collections.abc import Mapping

from books.storyline.values.titles import plain_title
from books.text.citations import cited_ids, find_passages
from books.text.storable import clean as clean
from workflow.contract.agent_types import AgentError, ChapterResult, ChapterTask
from workflow.contract.failures import Failure

from .reasoning import without_reasoning

_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
LONGEST_TITLE = 500
LONGEST_LIST = 200
LONGEST_ENTRY = 300


def check_draft(draft: ChapterResult, task: ChapterTask) -> ChapterResult:
    """Return the draft cleaned. Raises AgentError(bad_output) where it is empty or names chunks that the task lacks."""
    markdown = without_reasoning(clean(draft.content))[0].strip()
    if not markdown:
        raise AgentError(Failure.BAD_OUTPUT, "the chapter is empty")
    unknown = unknown_chunks(draft, task)
    if unknown:
        raise AgentError(
            Failure.BAD_OUTPUT, f"the chapter names passages that do not exist: {', '.join(unknown[:5])}"
        )
    own_score = _share(draft.quality_score)
    opinion = {} if own_score is None else {"own_quality_score": own_score}
    return ChapterResult(
        content=markdown,
        title=(plain_title(clean(draft.title).strip()) or task.title)[:LONGEST_TITLE],
        themes=_short(draft.themes),
        participants=_short(draft.participants),
        tags=_short(draft.tags),
        source_chunk_ids=draft.source_chunk_ids or _cited(markdown, task),
        confidence=_share(draft.confidence),
        quality_metrics=_storable({**draft.quality_metrics, **opinion}),
        usage=_storable(draft.usage),
    )


def _share(value: float | None) -> float | None:
    """Return a figure of the writer's that is 0 to 1; None for any other."""
    return value if value is not None and math.isfinite(value) and 0 <= value <= 1 else None


def unknown_chunks(draft: ChapterResult, task: ChapterTask) -> list[str]:
    """Return ids that the draft names and the task does not have.

    A mark in the text counts only where it is formed like the task's own ids ("c-99" beside "c-098"):
    brackets are also used for other things.
    """
    known = {chunk.id for chunk in task.text_chunks}
    forms = {_form(chunk_id) for chunk_id in known}
    marks = [mark for mark in cited_ids(draft.content) if _form(mark) in forms]
    return [
        chunk_id for chunk_id in dict.fromkeys([*draft.source_chunk_ids, *marks]) if chunk_id not in known
    ]


def _form(chunk_id: str) -> str:
    return _DIGITS.sub("0", _LETTERS.sub("a", chunk_id)) if _DIGITS.search(chunk_id) else chunk_id


def _cited(markdown: str, task: ChapterTask) -> tuple[str, ...]:
    chunks = {chunk.id: chunk.text for chunk in task.text_chunks}
    return tuple(dict.fromkeys(passage.chunk_id for passage in find_passages(markdown, chunks)))


def _short(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(value)[:LONGEST_ENTRY] for value in values[:LONGEST_LIST])


def _storable(values: Mapping[str, object]) -> dict[str, object]:
    """Return `values` as JSON can hold them; what it cannot hold is written as text."""
    text = json.dumps(values, default=str, allow_nan=True)
    found: dict[str, object] = json.loads(text, parse_constant=lambda _: None)
    return {clean(key): _clean_values(value) for key, value in found.items()}


def _clean_values(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean_values(each) for each in value]
    if isinstance(value, dict):
        return {clean(key): _clean_values(each) for key, each in value.items()}
    return value
