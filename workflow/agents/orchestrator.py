"""The AgentOrchestrator: picks each role's backend by one string, calls it, and says what a writer was given."""

import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from django.conf import settings

from books.storyline.wording import quoted
from chapterflow_site.core.exceptions import Invalid
from workflow.contract.agent_types import JSON, AgentError, ChapterResult, ChapterTask, ChapterWriter, OnText
from workflow.contract.failures import Failure
from workflow.harmonization import HarmonizerResult, HarmonizerTask, find_all

from .llm import ModelWriter, Watch, is_model, split_models
from .quotations import QuotationsWriter

logger = logging.getLogger(__name__)

QUOTATIONS = "quotations"
RULES = "rules"
PYTHON = "python:"
LONGEST_WRITER = 200
MOST_OFFERED = 8


def is_allowed(writer: str) -> bool:
    """Return whether this installation allows the backend: named in CHAPTERFLOW_WRITERS, where `*` ends a prefix.

    Of a list of models, each must be allowed.
    """
    return all(_is_one_allowed(each) for each in (split_models(writer) if is_model(writer) else (writer,)))


def _is_one_allowed(writer: str) -> bool:
    default = settings.CHAPTERFLOW_WRITER
    for pattern in [QUOTATIONS, default, *split_models(default), *settings.CHAPTERFLOW_WRITERS]:
        if writer == pattern or (pattern.endswith("*") and writer.startswith(pattern[:-1])):
            return True
    return False


def check_allowed(writer: str) -> str:
    """Return `writer`, or raise Invalid where the installation does not allow it or cannot run it."""
    if not is_allowed(writer) or len(writer) > LONGEST_WRITER or not writer.isprintable():
        sentence = f"This installation does not offer the writer {quoted(writer)}. It offers {_offer()}."
        raise Invalid("writer_not_allowed", sentence)
    if writer != QUOTATIONS and not writer.startswith(PYTHON) and not is_model(writer):
        sentence = (
            f"There is no writer {quoted(writer)} in this version. This installation offers {_offer()}."
        )
        raise Invalid("writer_unknown", sentence)
    return writer


def _offer() -> str:
    """Name what may be chosen, as far as it fits a sentence."""
    named = [f"“{writer}”" for writer, _ in allowed_writers()]
    open_ended = [f"all that begins with “{prefix}”" for prefix in allowed_prefixes() if prefix]
    offered = [*open_ended, *named]
    more = [f"{len(offered) - MOST_OFFERED} more"] if len(offered) > MOST_OFFERED else []
    shown = [*offered[:MOST_OFFERED], *more]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def label_of(writer: str) -> str:
    """Return how the backend is called on pages."""
    if writer == QUOTATIONS:
        return "Selected quotations, no AI"
    if writer.startswith(PYTHON):
        return f"Own writer: {writer.removeprefix(PYTHON)}"
    if is_model(writer):
        names = [name.partition(":")[2] for name in split_models(writer)]
        return f"Language model: {', else '.join(names)}"
    return writer


def allowed_writers() -> list[tuple[str, str]]:
    """Return (string, label) of every backend that can be chosen by name, the default first."""
    named = [settings.CHAPTERFLOW_WRITER, *settings.CHAPTERFLOW_WRITERS, QUOTATIONS]
    return [(writer, label_of(writer)) for writer in dict.fromkeys(named) if not writer.endswith("*")]


def allowed_prefixes() -> list[str]:
    """Return with what a string may begin whose rest the person chooses."""
    open_ended = [pattern for pattern in settings.CHAPTERFLOW_WRITERS if pattern.endswith("*")]
    return [pattern[:-1] for pattern in dict.fromkeys(open_ended)]


def waits(writer: str) -> bool:
    """Return whether the writer waits most of its time, for a model most likely, so that a process carries many.

    A `python:` writer says so by an attribute `waits` of its factory.
    """
    if not writer.startswith(PYTHON):
        return is_model(writer)
    try:
        return bool(getattr(load_factory(writer), "waits", False))
    except AgentError:
        # The attempt will fail with the reason.
        return False


def harmonizer_models() -> tuple[str, ...]:
    """Return the models that look for inconsistencies beside the rules, first choice first; none for “rules”."""
    return _models_of_role(settings.CHAPTERFLOW_HARMONIZER)


def questioner_models() -> tuple[str, ...]:
    """Return the models that ask follow-up questions beside the rules, first choice first; none for “rules”."""
    return _models_of_role(settings.CHAPTERFLOW_QUESTIONER)


def _models_of_role(setting: str) -> tuple[str, ...]:
    """The installation says these itself, so they need not be allowed; a system check names what is no model."""
    return split_models(setting) if is_model(setting) else ()


class AgentOrchestrator:
    """Calls the agents of one backend. Made per job; holds nothing that outlives it."""

    def __init__(self, writer: str) -> None:
        self._writer = writer

    def execute_chapter_writer_task(
        self, task: ChapterTask, on_text: OnText, watch: Watch | None = None
    ) -> ChapterResult:
        """Let the writer write one chapter; `watch` tells a model of a cancel.

        Raises AgentError, also where the writer says that it had no success.
        """
        if self._writer.startswith(PYTHON):
            return result_of(self._write_with_own(task, on_text))
        return result_of(self._make_writer(watch).write(task, on_text))

    def execute_harmonizer_task(self, task: HarmonizerTask) -> HarmonizerResult:
        """Let the rules look for what does not fit together. Touches no database and asks no model.

        The engine asks a model about what the rules have found, in batches that it stores as they come.
        """
        try:
            changes = find_all(
                task.chapters,
                enabled=task.consistency_rules,
                titles=task.titles,
                kept_names=task.kept_names,
            )
        except Exception as error:
            logger.exception("the harmonizer broke off at %s, %s", task.book_id, task.book_version)
            return HarmonizerResult(success=False, error=f"{type(error).__name__}: {error}")
        return HarmonizerResult(changes)

    def _write_with_own(self, task: ChapterTask, on_text: OnText) -> object:
        """Whatever somebody's own writer raises is its error, never one of ours. Raises AgentError."""
        try:
            return self._make_writer(None).write(task, on_text)
        except AgentError:
            raise
        except BaseException as error:
            logger.exception("the writer %s broke off", self._writer)
            raise AgentError(Failure.WRITER_ERROR, f"{type(error).__name__}: {error}") from error

    def _make_writer(self, watch: Watch | None) -> ChapterWriter:
        if self._writer == QUOTATIONS:
            return QuotationsWriter(watch.note_context if watch else None)
        if not is_allowed(self._writer):
            raise AgentError(
                Failure.WRITER_UNAVAILABLE, f"this installation does not allow the writer {self._writer}"
            )
        return ModelWriter(self._writer, watch) if is_model(self._writer) else load_factory(self._writer)()


def load_factory(writer: str) -> Callable[[], ChapterWriter]:
    """Import `python:package.module:factory`. Raises AgentError where there is none."""
    module_name, _, name = writer.removeprefix(PYTHON).partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, SyntaxError, ValueError) as error:
        raise AgentError(
            Failure.WRITER_UNAVAILABLE, f"the writer {writer} could not be loaded: {error}"
        ) from error
    return cast(Callable[[], ChapterWriter], factory)


def result_of(answer: object) -> ChapterResult:
    """Return what a writer answered as a ChapterResult.

    Raises AgentError: bad_output where it is neither a result nor a dict, writer_error where it had no success.
    """
    result = answer if isinstance(answer, ChapterResult) else _read_result(answer)
    if not result.success:
        raise AgentError(
            Failure.WRITER_ERROR, str(result.error) or "the writer had no success and did not say why"
        )
    return result


def _read_result(answer: object) -> ChapterResult:
    if not isinstance(answer, Mapping):
        raise AgentError(Failure.BAD_OUTPUT, f"the writer returned {type(answer).__name__}, not a chapter")
    return ChapterResult(
        # `markdown` is its old name, until 1.0.
        content=_text(answer, "content" if "content" in answer else "markdown"),
        title=_text(answer, "title"),
        themes=_texts(answer, "themes"),
        participants=_texts(answer, "participants"),
        tags=_texts(answer, "tags"),
        source_chunk_ids=_texts(answer, "source_chunk_ids"),
        confidence=_score(answer, "confidence"),
        quality_metrics=_mapping(answer, "quality_metrics"),
        usage=_mapping(answer, "usage"),
        quality_score=_score(answer, "quality_score"),
        success=bool(answer.get("success", True)),
        error=_text(answer, "error"),
    )


def _score(result: Mapping[str, object], key: str) -> float | None:
    value = result.get(key)
    return float(value) if isinstance(value, int | float) else None


def _text(result: Mapping[str, object], key: str) -> str:
    value = result.get(key) or ""
    if not isinstance(value, str):
        raise AgentError(Failure.BAD_OUTPUT, f"{key} is not text")
    return value


def _texts(result: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = result.get(key) or ()
    if (
        isinstance(value, str)
        or not isinstance(value, Sequence)
        or not all(isinstance(v, str) for v in value)
    ):
        raise AgentError(Failure.BAD_OUTPUT, f"{key} is not a list of texts")
    return tuple(value)


def _mapping(result: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = result.get(key) or {}
    if not isinstance(value, Mapping):
        raise AgentError(Failure.BAD_OUTPUT, f"{key} is not an object")
    return value


def given_record(writer: str, task: ChapterTask) -> JSON:
    """Return what of the task this writer reads."""
    context = task.previous_context
    previous = context.previous.number if context.previous else None
    passages = [chunk.id for chunk in task.text_chunks]
    if writer == QUOTATIONS:
        return {"chunks": passages, "previous": previous}
    note = {"note": task.note} if task.note else {}
    return {
        **note,
        "chunks": passages,
        "chapters": [chapter.number for chapter in context.chapters],
        "left_out_chapters": context.left_out,
        "previous": previous,
        "facts": [{"name": fact.name, "chapter": fact.chapter} for fact in context.facts],
        "related": [node.id for node in context.related],
    }
