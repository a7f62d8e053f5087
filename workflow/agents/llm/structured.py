"""Questions to a model whose answer is one small object: bounded, checked, corrected. Touches no database."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from books.text.storable import clean
from books.text.withheld import Withheld
from workflow.contract.agent_types import AgentCancelled, AgentError
from workflow.contract.failures import Failure

from .calls.call import ModelAnswer, Timeouts, call_model, run_cancellable, settings_for
from .calls.errors import classify, finish_failure
from .calls.streaming import MarkdownFilter
from .calls.usage import TokenUsage, failed_call
from .calls.watch import Quote, Watch
from .prompt.tokens import estimate_tokens
from .providers.backends import open_model
from .providers.ollama import find_window
from .writer import FALLS_BACK, most_hopeful

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model, ModelRequestParameters

logger = logging.getLogger(__name__)

MOST_CORRECTIONS = 2
NAMED_FAULTS = 3
LONGEST_PLACE = 60
Mode = Literal["native", "tool", "prompted"]
# A server that cannot be asked for a form says so in one of these ways; old ones of llama.cpp with a plain 500.
MAY_BE_THE_FORM = frozenset({Failure.PROVIDER_ERROR, Failure.BAD_OUTPUT})


class Bounded(BaseModel):
    """The form of an answer. Every text and every list in it has a greatest length."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Form = TypeVar("Form", bound=Bounded)


@dataclass(frozen=True)
class Inquiry(Generic[Form]):
    """What is asked, and the form of the answer. `user` is the only place for text from uploads, in fences."""

    system: str
    user: str
    form: type[Form]
    most_tokens: int

    @property
    def schema(self) -> dict[str, object]:
        """The form as JSON schema."""
        return self.form.model_json_schema()

    @property
    def tokens(self) -> int:
        """Our estimate of what goes in."""
        return estimate_tokens(f"{self.system}\n{self.user}\n{json.dumps(self.schema)}")

    def without(self, withheld: Withheld) -> "Inquiry[Form]":
        """Return the same question with what is withheld masked in it, whenever its texts were written."""
        return replace(self, user=withheld.mask(self.user))


class StillWrong(AgentError):
    """The answer had not the form that was asked for, also after the last correction."""


class NotOfTheForm(Exception):
    """An answer that cannot be read. `sentence` goes back to the model."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Adviser:
    """Answers inquiries with the first of some models that can be used.

    Made per phase; the model, its connections and its event loop live and end within one `ask`. `until` is the
    time (monotonic) by which every answer must be there.
    """

    def __init__(
        self, models: Sequence[str], until: float | None = None, timeouts: Timeouts | None = None
    ) -> None:
        self._models = tuple(models)
        self._until = until
        self._timeouts = timeouts or Timeouts()
        self._modes: dict[str, Mode] = {}
        self._proven: set[str] = set()
        self.usage = TokenUsage()

    def ask(self, inquiry: Inquiry[Form], watch: Watch) -> Form:
        """Return the model's answer. Raises AgentError, or AgentCancelled within a second of a cancel."""
        return run_cancellable(self._ask_in_time(inquiry, watch), watch.cancelled)

    @property
    def seconds_left(self) -> float:
        """How long answers may still take."""
        return self._timeouts.whole if self._until is None else self._until - time.monotonic()

    async def _ask_in_time(self, inquiry: Inquiry[Form], watch: Watch) -> Form:
        try:
            async with asyncio.timeout(self.seconds_left):
                return await self._ask_first(inquiry, watch)
        except TimeoutError:
            raise AgentError(Failure.TIMEOUT, "no answer in the time that was left for it") from None

    async def _ask_first(self, inquiry: Inquiry[Form], watch: Watch) -> Form:
        """Go through the models as long as one cannot be used at all."""
        failures: list[tuple[str, AgentError]] = []
        for name in self._models:
            try:
                return await self._ask_one(name, inquiry, watch)
            except AgentError as error:
                failures.append((name, error))
                if error.code not in FALLS_BACK:
                    break
                logger.info("%s cannot be used: %s", name, error.code)
        raise most_hopeful(failures)

    async def _ask_one(self, name: str, inquiry: Inquiry[Form], watch: Watch) -> Form:
        """Ask for the form in the best way that the model has; where it fails at that, ask in words."""
        async with open_model(name) as model:
            await _check_room(name, model, inquiry)
            mode = self._modes.get(name) or best_mode(model)
            try:
                found = await self._corrected(model, name, mode, inquiry, watch)
            except AgentError as error:
                if name in self._proven or mode == "prompted" or not _may_be_the_form(error):
                    raise
                logger.info("%s is asked in words instead of by a form: %s", name, error.code)
                mode = "prompted"
                found = await self._corrected(model, name, mode, inquiry, watch)
        self._modes[name] = mode
        self._proven.add(name)
        return found

    async def _corrected(
        self, model: "Model", name: str, mode: Mode, inquiry: Inquiry[Form], watch: Watch
    ) -> Form:
        fault = ""
        for _ in range(MOST_CORRECTIONS + 1):
            answer = await self._call(model, name, mode, inquiry, fault, watch)
            try:
                return read(inquiry.form, answer.text)
            except NotOfTheForm as wrong:
                logger.info("%s is asked again: its answer has not the form", name)
                fault = wrong.sentence
        asked = MOST_CORRECTIONS + 1
        raise StillWrong(
            Failure.BAD_OUTPUT, f"asked {asked} times, the answer still had not the form that is needed"
        )

    async def _call(
        self, model: "Model", name: str, mode: Mode, inquiry: Inquiry[Form], fault: str, watch: Watch
    ) -> ModelAnswer:
        """Make one call, asked for before. Raises AgentError where it fails or its answer breaks off."""
        estimated = inquiry.tokens + estimate_tokens(fault)
        watch.clear(Quote(name, estimated, inquiry.most_tokens))
        self.usage.begin(name, estimated)
        # Noted before it is sent, too: whoever cancels does not wait for it, and it may be billed.
        watch.note_usage(self.usage.as_json())
        messages, parameters = request_of(inquiry, mode, fault)
        settings = settings_for(inquiry.most_tokens, self._timeouts)
        unread = MarkdownFilter(_drop)
        try:
            answer = await call_model(model, name, messages, settings, unread, estimated, parameters)
        except (AgentCancelled, AgentError):
            raise
        except Exception as error:
            failure = classify(error, f"{inquiry.system}\n{inquiry.user}")
            self.usage.finish(failed_call(name, estimated, unread.received, failure.code))
            raise failure from None
        else:
            self.usage.finish(answer.usage)
        finally:
            watch.note_usage(self.usage.as_json())
        cut = finish_failure(answer, is_object(answer.text))
        if cut is not None:
            raise cut
        return answer


async def _check_room(name: str, model: "Model", inquiry: Inquiry[Form]) -> None:
    """Raise AgentError(context_too_long) for a question that Ollama would cut off; others say so themselves."""
    window = await find_window(name, model)
    if name.startswith("ollama:") and window.tokens and inquiry.tokens + inquiry.most_tokens > window.tokens:
        message = f"the question takes {inquiry.tokens} tokens and {inquiry.most_tokens} for the answer"
        raise AgentError(Failure.CONTEXT_TOO_LONG, f"{message}; the model takes {window.tokens} at once")


def best_mode(model: "Model") -> Mode:
    """Return how the model is best asked for a form."""
    if model.profile.get("supports_json_schema_output", False):
        return "native"
    return "tool" if model.profile.get("supports_tools", True) else "prompted"


def request_of(
    inquiry: Inquiry[Form], mode: Mode, fault: str = ""
) -> "tuple[list[ModelMessage], ModelRequestParameters]":
    """Return the messages of one call, and what asks for the form; `fault` says what an earlier answer had wrong."""
    from pydantic_ai.messages import ModelRequest, ModelRequestPart, SystemPromptPart, UserPromptPart
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition
    from pydantic_ai.tools import ToolDefinition

    system, name = inquiry.system, "answer"
    parameters = ModelRequestParameters()
    if mode == "native":
        form = OutputObjectDefinition(inquiry.schema, name=name)
        parameters = ModelRequestParameters(output_mode="native", output_object=form)
    elif mode == "tool":
        tool = ToolDefinition(name=name, parameters_json_schema=inquiry.schema, kind="output")
        parameters = ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=False)
    else:
        system = f"{system}\n\n{_in_words(inquiry)}"
    parts: list[ModelRequestPart] = [SystemPromptPart(system), UserPromptPart(inquiry.user)]
    if fault:
        parts.append(UserPromptPart(f"An earlier answer could not be used. {fault}"))
    return [ModelRequest(parts=parts)], parameters


def _in_words(inquiry: Inquiry[Form]) -> str:
    schema = json.dumps(inquiry.schema)
    return f"Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"


def read(form: type[Form], text: str) -> Form:
    """Return the object in an answer. Raises NotOfTheForm, in words for the model."""
    try:
        found = _object_in(text)
    except (ValueError, RecursionError):
        raise NotOfTheForm("It was not one whole JSON object.") from None
    try:
        return form.model_validate(_cleaned(found))
    except ValidationError as error:
        raise NotOfTheForm(f"It did not fit the schema: {_faults(error)}.") from None


def is_object(text: str) -> bool:
    """Return whether the answer reaches the end of a JSON object."""
    try:
        return isinstance(_object_in(text), dict)
    except (ValueError, RecursionError):
        return False


def _object_in(text: str) -> object:
    start = text.find("{")
    if start < 0:
        raise ValueError("no object")
    found, _ = json.JSONDecoder().raw_decode(text, start)
    return found


def _cleaned(value: object) -> object:
    """Return the value without characters that cannot be stored: JSON can write every one of them."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return {key: _cleaned(each) for key, each in value.items()} if isinstance(value, dict) else value


def _faults(error: ValidationError) -> str:
    named = error.errors(include_url=False, include_input=False, include_context=False)[:NAMED_FAULTS]
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))[:LONGEST_PLACE] or 'answer'}: {fault['msg'][:120]}"
        for fault in named
    )


def _may_be_the_form(error: AgentError) -> bool:
    return error.code in MAY_BE_THE_FORM and not isinstance(error, StillWrong)


def _drop(text: str) -> None:
    """Nobody reads along."""
