"""The AgentOrchestrator: picks each role's backend by one string and calls it."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from django.conf import settings

from books.exceptions import Invalid
from workflow.failures import Failure

from .llm import ModelWriter, Watch, is_model, split_models
from .quotations import make_writer
from .types import AgentError, ChapterDraft, ChapterTask, ChapterWriter, OnText

QUOTATIONS = "quotations"
PYTHON = "python:"


def is_allowed(writer: str) -> bool:
    """Return whether this installation allows the backend: named in CHAPTERFLOW_WRITERS, where `*` ends a prefix.

    Of a list of models, each must be allowed.
    """
    return all(_is_one_allowed(each) for each in (split_models(writer) if is_model(writer) else (writer,)))


def _is_one_allowed(writer: str) -> bool:
    for pattern in [QUOTATIONS, settings.CHAPTERFLOW_WRITER, *settings.CHAPTERFLOW_WRITERS]:
        if writer == pattern or (pattern.endswith("*") and writer.startswith(pattern[:-1])):
            return True
    return False


def check_allowed(writer: str) -> str:
    """Return `writer`, or raise Invalid where the installation does not allow it or cannot run it."""
    if not is_allowed(writer):
        raise Invalid("writer_not_allowed", f"This installation does not offer the writer “{writer[:80]}”.")
    if writer != QUOTATIONS and not writer.startswith(PYTHON) and not is_model(writer):
        raise Invalid("writer_unknown", f"There is no writer “{writer[:80]}” in this version.")
    return writer


def label_of(writer: str) -> str:
    """Return how the backend is called on pages."""
    if writer == QUOTATIONS:
        return "Selected quotations, no AI"
    if writer.startswith(PYTHON):
        return f"Own writer: {writer.removeprefix(PYTHON)}"
    return f"Language model: {writer.partition(':')[2]}" if is_model(writer) else writer


def allowed_writers() -> list[tuple[str, str]]:
    """Return (string, label) of every backend that can be chosen by name, the default first."""
    named = [settings.CHAPTERFLOW_WRITER, *settings.CHAPTERFLOW_WRITERS, QUOTATIONS]
    return [(writer, label_of(writer)) for writer in dict.fromkeys(named) if not writer.endswith("*")]


def harmonizer_models() -> tuple[str, ...]:
    """Return the language models that judge what the harmonizer's rules find, first choice first; none: rules alone."""
    return _models_of(settings.CHAPTERFLOW_HARMONIZER)


def questioner_models() -> tuple[str, ...]:
    """Return the language models that add to the rules' questions, first choice first; none: rules alone."""
    return _models_of(settings.CHAPTERFLOW_QUESTIONER)


def _models_of(named: str) -> tuple[str, ...]:
    return split_models(named) if is_model(named) else ()


class AgentOrchestrator:
    """Calls the three agents. Made per job; holds nothing that outlives it."""

    def __init__(self, writer: str) -> None:
        self._writer = writer

    def write(self, task: ChapterTask, on_text: OnText, watch: Watch | None = None) -> ChapterDraft:
        """Let the writer write one chapter; `watch` tells a model of a cancel. Raises AgentError."""
        writer = self._make_writer(watch)
        return draft_of(writer.write(task, on_text))

    def _make_writer(self, watch: Watch | None) -> ChapterWriter:
        if self._writer == QUOTATIONS:
            return make_writer()
        if not is_allowed(self._writer):
            raise AgentError(
                Failure.MODEL_NOT_FOUND, f"this installation does not allow the writer {self._writer}"
            )
        return ModelWriter(self._writer, watch) if is_model(self._writer) else load_factory(self._writer)()


def load_factory(writer: str) -> Callable[[], ChapterWriter]:
    """Import `python:package.module:factory`. Raises AgentError where there is none."""
    module_name, _, name = writer.removeprefix(PYTHON).partition(":")
    try:
        factory = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, SyntaxError, ValueError) as error:
        raise AgentError(
            Failure.MODEL_NOT_FOUND, f"the writer {writer} could not be loaded: {error}"
        ) from error
    return cast(Callable[[], ChapterWriter], factory)


def draft_of(result: object) -> ChapterDraft:
    """Return a writer's result as a ChapterDraft. Raises AgentError(bad_output) where it is neither draft nor dict."""
    if isinstance(result, ChapterDraft):
        return result
    if not isinstance(result, Mapping):
        raise AgentError(Failure.BAD_OUTPUT, f"the writer returned {type(result).__name__}, not a chapter")
    confidence = result.get("confidence")
    return ChapterDraft(
        markdown=_text(result, "markdown"),
        title=_text(result, "title"),
        themes=_texts(result, "themes"),
        participants=_texts(result, "participants"),
        tags=_texts(result, "tags"),
        source_chunk_ids=_texts(result, "source_chunk_ids"),
        confidence=float(confidence) if isinstance(confidence, int | float) else None,
        quality_metrics=_mapping(result, "quality_metrics"),
        usage=_mapping(result, "usage"),
    )


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
