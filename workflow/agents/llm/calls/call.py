"""One streamed call of a model, and a job that can be cancelled while the model is silent."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from workflow.agents.drafting.reasoning import without_reasoning
from workflow.agents.llm.prompt.tokens import estimate_tokens
from workflow.contract.agent_types import AgentCancelled

from .streaming import MarkdownFilter
from .tracing import instrumentation
from .usage import CallUsage

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model, ModelRequestParameters
    from pydantic_ai.settings import ModelSettings

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
TEARDOWN_SECONDS = 0.3
Result = TypeVar("Result")


@dataclass(frozen=True)
class Timeouts:
    """Seconds: between two signs of life, until the first text, for one whole answer."""

    silence: float = 120.0
    first_text: float = 180.0
    whole: float = 900.0


@dataclass(frozen=True)
class ModelAnswer:
    """What came back, without reasoning: `has_thought` is whether there was any.

    `says_end` is whether the stream gave a reason for its end.
    """

    text: str
    finish_reason: str | None
    says_end: bool
    usage: CallUsage
    has_thought: bool = False


def run_cancellable(job: Coroutine[object, object, Result], cancelled: Callable[[], bool]) -> Result:
    """Run the job in an event loop of its own, in this thread. Raises AgentCancelled soon after `cancelled` says so."""
    return asyncio.run(_until_done(job, cancelled))


async def _until_done(job: Coroutine[object, object, Result], cancelled: Callable[[], bool]) -> Result:
    asyncio.get_running_loop().set_exception_handler(_note_leftover)
    task = asyncio.ensure_future(job)
    while not task.done():
        if cancelled():
            task.cancel()
            await asyncio.wait({task}, timeout=TEARDOWN_SECONDS)
            if task.done() and not task.cancelled():
                task.exception()  # seen: the cancel is what counts
            raise AgentCancelled
        await asyncio.wait({task}, timeout=POLL_SECONDS)
    return task.result()


def _note_leftover(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Note what a provider's package did not close after a fault; the fault itself has been told."""
    logger.debug("left open by a provider's package: %s", context.get("message"))


def settings_for(max_tokens: int, timeouts: Timeouts) -> "ModelSettings":
    """Return a call's settings. Nothing is tried again in here: the queue does that, where it can be seen."""
    return {
        "max_tokens": max_tokens,
        "timeout": timeouts.silence,
        "first_event_timeout": timeouts.first_text,
        "request_timeout": timeouts.whole,
        "max_retries": 0,
    }


async def call_model(
    model: "Model",
    name: str,
    messages: "Sequence[ModelMessage]",
    settings: "ModelSettings",
    preview: MarkdownFilter,
    estimated_input: int,
    parameters: "ModelRequestParameters | None" = None,
) -> ModelAnswer:
    """Send the messages and stream the answer's text into `preview`. Raises what pydantic-ai raises.

    `parameters` name the form of the answer; one that comes as a tool's arguments is the answer's text.
    """
    from pydantic_ai.direct import model_request_stream
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    async with model_request_stream(
        model,
        list(messages),
        model_settings=settings,
        model_request_parameters=parameters,
        instrument=instrumentation(),
    ) as stream:
        try:
            async for event in stream:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    preview.feed(event.part.content)
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    preview.feed(event.delta.content_delta)
        finally:
            preview.finish()
        return _answer(stream.get(), name, estimated_input)


def _answer(response: "ModelResponse", name: str, estimated_input: int) -> ModelAnswer:
    from pydantic_ai.messages import TextPart, ThinkingPart, ToolCallPart

    called = [part.args_as_json_str() for part in response.parts if isinstance(part, ToolCallPart)]
    said = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    text, has_thought = without_reasoning(said)
    has_thought = has_thought or any(isinstance(part, ThinkingPart) for part in response.parts)
    used = response.usage
    is_reported = not used.unmeasured_requests and used.input_tokens > 0
    details = response.provider_details or {}
    usage = CallUsage(
        name,
        estimated_input,
        input=used.input_tokens if is_reported else None,
        output=used.output_tokens if is_reported else None,
        cached=used.cache_read_tokens if is_reported else None,
        estimated_output=estimate_tokens(said),
    )
    says_end = response.state == "complete" and ("finish_reason" in details or not name.startswith("ollama:"))
    text = called[0] if called else text
    return ModelAnswer(text, response.finish_reason, says_end, usage, has_thought)
