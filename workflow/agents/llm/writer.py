"""The Chapter Writer on a language model: prompt, streamed answer, corrections, fallback. Touches no database."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from books.text.storable import clean
from workflow.contract.agent_types import AgentCancelled, AgentError, ChapterResult, ChapterTask, OnText
from workflow.contract.failures import EXPLANATIONS, Failure

from .answers import BadAnswer, Usable, WrongLanguage, has_closing_block, parse_answer
from .calls.call import ModelAnswer, Timeouts, call_model, run_cancellable, settings_for
from .calls.errors import ContextTooLong, classify, finish_failure
from .calls.streaming import RESET, MarkdownFilter
from .calls.usage import TokenUsage, failed_call
from .calls.watch import Quote, Watch
from .prompt.budgets import has_room
from .prompt.messages import Prompt, build_prompt
from .prompt.tokens import estimate_tokens
from .providers.backends import open_model, split_models
from .providers.ollama import find_window
from .providers.windows import Window, learn

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model

logger = logging.getLogger(__name__)

MOST_CORRECTIONS = 2
MOST_SHRINKS = 2
LONGEST_ANSWER = 200_000
ASSUMED_WINDOW = 16_384
# What another model may do better at once; all else is the queue's to try again.
FALLS_BACK = frozenset(
    {
        Failure.RATE_LIMITED,
        Failure.QUOTA_EXHAUSTED,
        Failure.BAD_CREDENTIALS,
        Failure.MODEL_NOT_FOUND,
        Failure.CONNECTION_REFUSED,
    }
)


class ModelWriter:
    """Writes chapters with the model that a string names, or with the first of a list (commas) that answers.

    Made per job; the model, its connections and its event loop live and end within one `write`.
    """

    def __init__(
        self,
        models: str,
        watch: Watch | None = None,
        timeouts: Timeouts | None = None,
        window: int | None = None,
    ) -> None:
        self._models = split_models(models)
        self._watch = watch or Watch()
        self._timeouts = timeouts or Timeouts()
        self._window = window

    def write(self, task: ChapterTask, on_text: OnText) -> ChapterResult:
        """Write one chapter. Raises AgentError, or AgentCancelled within a second of a cancel."""
        job = _Job(task, on_text, self._watch, self._timeouts, self._window)
        return run_cancellable(job.write_with_first(self._models), self._watch.cancelled)


class _Job:
    """One chapter in the making: what was handed over and used so far."""

    def __init__(
        self, task: ChapterTask, on_text: OnText, watch: Watch, timeouts: Timeouts, window: int | None
    ) -> None:
        self._task = task
        self._on_text = on_text
        self._watch = watch
        self._timeouts = timeouts
        self._window = window
        self._usage = TokenUsage()
        self._has_handed_over = False

    async def write_with_first(self, models: Sequence[str]) -> ChapterResult:
        """Go through the list as long as a model cannot be used at all. Raises AgentError."""
        failures: list[tuple[str, AgentError]] = []
        for name in models:
            try:
                return await self._write_with(name)
            except AgentError as error:
                failures.append((name, error))
                if error.code is Failure.RATE_LIMITED:
                    self._watch.note_rate_limit(name, error.retry_after)
                if self._has_handed_over or error.code not in FALLS_BACK:
                    break
                logger.info("chapter %s: %s cannot be used: %s", self._task.chapter_number, name, error.code)
        raise most_hopeful(failures)

    async def _write_with(self, name: str) -> ChapterResult:
        async with open_model(name) as model:
            window = Window(self._window, "setting") if self._window else await find_window(name, model)
            for _ in range(MOST_SHRINKS):
                prompt = self._prompt_for(window, name)
                try:
                    return await self._write_from(prompt, model, name)
                except ContextTooLong as error:
                    window = _smaller(window.tokens, error.window, prompt)
                    if not has_room(window.tokens or 0):
                        raise
                    if error.window and window.tokens == error.window:
                        learn(name, error.window)
                    logger.info(
                        "chapter %s: %s is sent less, for %s tokens",
                        self._task.chapter_number,
                        name,
                        window.tokens,
                    )
            return await self._write_from(self._prompt_for(window, name), model, name)

    def _prompt_for(self, window: Window, name: str) -> Prompt:
        prompt = build_prompt(self._task, window.tokens)
        self._watch.note_context({**prompt.record, "model": name, "window_from": window.known_from})
        return prompt

    async def _write_from(self, prompt: Prompt, model: "Model", name: str) -> ChapterResult:
        """Ask, and ask for corrections. A length or language that stays wrong is accepted in the end, and marked.

        For its language alone a chapter goes back once.
        """
        messages = first_messages(prompt)
        was_about_language = False
        for correction in range(MOST_CORRECTIONS + 1):
            answer = await self._ask(messages, prompt, model, name)
            try:
                return self._finished(parse_answer(answer.text, self._task, prompt.words), correction)
            except BadAnswer as fault:
                is_about_language = isinstance(fault, WrongLanguage)
                if correction == MOST_CORRECTIONS or (is_about_language and was_about_language):
                    return self._accepted(fault, answer.text, correction)
                logger.info("chapter %s: %s is asked again: %s", self._task.chapter_number, name, fault.kind)
                was_about_language = was_about_language or is_about_language
                messages = corrected_messages(prompt, answer.text, fault.sentence)
        raise AssertionError("the last correction returns or raises")

    async def _ask(
        self, messages: "Sequence[ModelMessage]", prompt: Prompt, model: "Model", name: str
    ) -> ModelAnswer:
        """Make one call. Raises AgentError where it fails, or where its answer ended before its end."""
        preview = MarkdownFilter(self._hand_over)
        if self._has_handed_over:
            self._on_text(RESET)
        estimated = prompt.tokens + sum(map(_extra_tokens, messages[1:]))
        self._watch.clear(Quote(name, estimated, prompt.max_tokens))
        self._usage.begin(name, estimated)
        settings = settings_for(prompt.max_tokens, self._timeouts)
        try:
            answer = await call_model(model, name, messages, settings, preview, estimated)
        except (AgentCancelled, AgentError):
            raise
        except Exception as error:
            failure = classify(error, f"{prompt.system}\n{prompt.user}")
            self._usage.finish(failed_call(name, estimated, preview.received, failure.code))
            self._note_usage()
            raise failure from None
        self._usage.finish(answer.usage)
        self._note_usage()
        is_complete = has_closing_block(answer.text)
        cut = finish_failure(answer, is_complete)
        if cut is not None:
            raise _with_text(cut, answer.text)
        return answer

    def _hand_over(self, text: str) -> None:
        self._has_handed_over = True
        self._on_text(text)

    def _note_usage(self) -> None:
        self._watch.note_usage(self._usage.as_json())

    def _accepted(self, fault: BadAnswer, answer: str, corrections: int) -> ChapterResult:
        if isinstance(fault, Usable):
            return self._finished(fault.draft, corrections)
        failure = AgentError(fault.code, f"asked {corrections + 1} times, the answer still {fault.told}")
        raise _with_text(failure, answer) from None

    def _finished(self, draft: ChapterResult, corrections: int) -> ChapterResult:
        measures = {**draft.quality_metrics, "corrections": corrections}
        return replace(draft, quality_metrics=measures, usage=self._usage.as_json())


def first_messages(prompt: Prompt) -> "list[ModelMessage]":
    """Return the messages of the first call."""
    from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart

    return [ModelRequest(parts=[SystemPromptPart(prompt.system), UserPromptPart(prompt.user)])]


def corrected_messages(prompt: Prompt, answer: str, sentence: str) -> "list[ModelMessage]":
    """Return the messages that ask for a correction: with the answer, where there is room for it and another."""
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    first = first_messages(prompt)
    window = prompt.record.get("window") or ASSUMED_WINDOW
    assert isinstance(window, int)
    fits = prompt.tokens + estimate_tokens(answer) + prompt.max_tokens + 100 <= window
    if fits and answer.strip():
        return [
            *first,
            ModelResponse(parts=[TextPart(answer)]),
            ModelRequest(parts=[UserPromptPart(sentence)]),
        ]
    return [*first, ModelRequest(parts=[UserPromptPart(f"An earlier answer could not be used. {sentence}")])]


def _with_text(failure: AgentError, answer: str) -> AgentError:
    """Let the failure tell what was answered: boards are not shown what looks like no chapter."""
    failure.text = clean(answer[:LONGEST_ANSWER])
    return failure


def _extra_tokens(message: "ModelMessage") -> int:
    return sum(estimate_tokens(str(getattr(part, "content", ""))) for part in message.parts)


def _smaller(window: int | None, said: int | None, prompt: Prompt) -> Window:
    """Return the window to build for: what the model said, unless that was tried; else clearly less than was sent."""
    if said is not None and (window is None or said < window):
        return Window(said, "answer")
    return Window(round((window or prompt.tokens + prompt.max_tokens) * 0.6), "guess")


def most_hopeful(failures: Sequence[tuple[str, AgentError]]) -> AgentError:
    """Return the failure to report: the first that can pass by itself, else the first; all are named in it."""
    if len(failures) == 1:
        return failures[0][1]
    if not failures:
        return AgentError(Failure.MODEL_NOT_FOUND, "no model is named")
    passing = [error for _, error in failures if EXPLANATIONS[error.code].passes]
    chosen = (passing or [error for _, error in failures])[0]
    told = "; ".join(f"{name}: {error.message}" for name, error in failures)
    return AgentError(chosen.code, told, chosen.retry_after)
