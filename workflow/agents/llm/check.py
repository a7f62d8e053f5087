"""Asks a model for a word and says, step by step, what is right and what is wrong. Costs a few tokens."""

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from workflow.contract.agent_types import AgentCancelled, AgentError
from workflow.contract.failures import EXPLANATIONS, Failure

from .calls.call import POLL_SECONDS, ModelAnswer, Timeouts, call_model, run_cancellable, settings_for
from .calls.errors import classify, finish_failure, is_caused_by
from .calls.streaming import MarkdownFilter
from .providers.backends import INSTALL, base_url_of, is_installed, missing_key, open_model, provider_of

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

    from .providers.backends import ProviderPackage

CHECK_SECONDS = 15.0
# OpenAI takes no smaller limit.
MOST_TOKENS = 16
QUESTION = "Answer with one word: ready."


@dataclass(frozen=True)
class Step:
    """One thing that was looked at. `advice` says what to do where it is wrong, `detail` is the provider's words."""

    name: str
    is_well: bool
    sentence: str
    advice: str = ""
    detail: str = ""


Steps = tuple[Step, ...]
Found = dict[str, Steps]


def check_models(names: Sequence[str], cancelled: Callable[[], bool] = lambda: False) -> Found:
    """Return the steps of each model. Ends after CHECK_SECONDS; raises AgentCancelled soon after a cancel.

    The work is done in a thread that is left behind: looking up a name cannot be broken off.
    """
    found: SimpleQueue[Found] = SimpleQueue()
    end = time.monotonic() + CHECK_SECONDS + 1
    threading.Thread(target=_run, args=(names, cancelled, found.put), daemon=True).start()
    while time.monotonic() < end:
        try:
            return found.get(timeout=POLL_SECONDS)
        except Empty:
            if cancelled():
                raise AgentCancelled from None
    return {name: (*_needs(name), _silent()) for name in names}


def _run(names: Sequence[str], cancelled: Callable[[], bool], put: Callable[[Found], None]) -> None:
    async def all_of_them() -> None:
        steps = await asyncio.gather(*(_check(name) for name in names))
        # Handed over before the event loop ends, which waits for names that are still being looked up.
        put(dict(zip(names, steps, strict=True)))

    try:
        run_cancellable(all_of_them(), cancelled)
    except AgentCancelled:
        return


async def _check(name: str) -> Steps:
    needs = _needs(name)
    if not all(step.is_well for step in needs):
        return needs
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return (*needs, *await _ask(name))
    except TimeoutError:
        return (*needs, _silent())


def _needs(name: str) -> Steps:
    """Look at what the model needs here, as far as the first thing that is missing."""
    try:
        provider = provider_of(name)
    except AgentError:
        advice = "Write the provider, a colon and the model, such as “anthropic:claude-sonnet-4-5”."
        return (Step("Name", False, f"“{name[:80]}” names no provider and model.", advice),)
    steps = [_package(name, provider), _address_is_set(name, provider), _key_is_set(provider)]
    wrong = next((number for number, step in enumerate(steps) if not step.is_well), len(steps))
    return tuple(steps[: wrong + 1])


def _package(name: str, provider: "ProviderPackage") -> Step:
    if is_installed(provider):
        return Step("Package", True, "The package that speaks to the provider is installed.")
    advice = f"Install it and start ChapterFlow again: {INSTALL.format(extra=provider.extra)}"
    return Step("Package", False, "The package that speaks to the provider is not installed.", advice)


def _address_is_set(name: str, provider: "ProviderPackage") -> Step:
    if base_url_of(provider) is not None:
        return Step("Address", True, f"{provider.base_url} says where it answers.")
    if not provider.is_own:
        return Step("Address", True, "It is asked at the provider’s own address.")
    advice = f"Set {provider.base_url} to where it runs, such as http://127.0.0.1:8000/v1."
    return Step(
        "Address", False, f"{provider.base_url} is not set, so nothing says where it answers.", advice
    )


def _key_is_set(provider: "ProviderPackage") -> Step:
    missing = missing_key(provider)
    if not missing:
        there = next((key for key in provider.keys if os.environ.get(key, "").strip()), "")
        return Step(
            "Key", True, f"There is a key in {there}." if there else "No key is set, and none is needed."
        )
    advice = (
        f"Put the key into the environment as {missing}, or into the file .env, and start ChapterFlow again."
    )
    return Step("Key", False, f"{missing} is not set, so there is no key.", advice)


def _key_of(provider: "ProviderPackage") -> str:
    return " or ".join(provider.keys)


async def _ask(name: str) -> Steps:
    """Send the question, and tell what comes back."""
    begun: list[float] = []
    started = time.monotonic()
    preview = MarkdownFilter(lambda text: begun.append(time.monotonic() - started))
    settings = settings_for(MOST_TOKENS, Timeouts(CHECK_SECONDS, CHECK_SECONDS, CHECK_SECONDS))
    try:
        async with open_model(name) as model:
            started = time.monotonic()
            answer = await call_model(model, name, _messages(), settings, preview, 0)
    except Exception as error:
        return _told(name, classify(error, QUESTION), error)
    failure = finish_failure(answer, bool(answer.text))
    if failure is not None and failure.code is not Failure.OUTPUT_TOO_LONG:
        return _told(name, failure, failure)
    if not answer.text and failure is None:
        return (*_reached(name), _WORDLESS)
    return (*_reached(name), _answered(begun, time.monotonic() - started), _counted(answer))


def _messages() -> "list[ModelMessage]":
    from pydantic_ai.messages import ModelRequest, UserPromptPart

    return [ModelRequest(parts=[UserPromptPart(QUESTION)])]


def _reached(name: str) -> Steps:
    return (
        Step("Connection", True, "It can be reached."),
        Step("Access", True, "It lets us in."),
        Step("Model", True, f"It knows the model {name.partition(':')[2]}."),
    )


def _answered(begun: Sequence[float], whole: float) -> Step:
    if not begun:
        return Step(
            "Answer",
            True,
            f"It answered after {whole:.1f} s, but thought for longer than the test allows.",
        )
    return Step(
        "Answer",
        True,
        f"The first word came after {begun[0]:.1f} s, the whole answer after {whole:.1f} s.",
    )


def _counted(answer: ModelAnswer) -> Step:
    used = answer.usage
    if used.input is None:
        return Step("Usage", True, "It does not say how much it used: what a book costs will be an estimate.")
    return Step("Usage", True, f"It says how much it used: {used.input} tokens in, {used.output} out.")


_WORDLESS = Step(
    "Answer",
    False,
    "It answered without a word.",
    "Choose another model; this one may not be made for writing.",
)


def _silent() -> Step:
    return Step(
        "Answer",
        False,
        f"Nothing came back within {CHECK_SECONDS:.0f} seconds.",
        "Try again in a minute. If it stays silent, look whether it runs, and whether a firewall is in between.",
    )


def _told(name: str, failure: AgentError, error: BaseException) -> Steps:
    """Say in which step it went wrong: those before it are right, those after it were not tried."""
    connection, access, _ = _reached(name)
    before: dict[Failure, Steps] = {
        Failure.CONNECTION_REFUSED: (),
        Failure.STREAM_BROKEN: (connection,),
        Failure.BAD_CREDENTIALS: (connection,),
        Failure.MODEL_NOT_FOUND: (connection, access),
        Failure.QUOTA_EXHAUSTED: (connection, access),
        Failure.RATE_LIMITED: (connection, access),
    }
    step = _unreached(error) if failure.code is Failure.CONNECTION_REFUSED else _refused(name, failure)
    known = before.get(failure.code, (connection,))
    return (*known, Step(step.name, False, step.sentence, step.advice, failure.message))


def _unreached(error: BaseException) -> Step:
    if is_caused_by(error, (socket.gaierror,)):
        return Step(
            "Connection", False, "Nobody knows a machine of this name.", "Check the address for mistakes."
        )
    if is_caused_by(error, (ssl.SSLError,)):
        return Step(
            "Connection",
            False,
            "No safe connection could be made.",
            "Check that the address begins with https: where the server has a certificate that this machine "
            "trusts, and with http: where it has none.",
        )
    return Step(
        "Connection",
        False,
        "Nobody answers at this address.",
        "Check that it runs, that address and port are right, and that no firewall is in between.",
    )


def _refused(name: str, failure: AgentError) -> Step:
    provider = provider_of(name)
    if failure.code is Failure.BAD_CREDENTIALS:
        advice = f"Put a valid key for this model into {_key_of(provider)}, and start ChapterFlow again."
        return Step("Access", False, "The provider does not accept the key.", advice)
    if failure.code is Failure.MODEL_NOT_FOUND:
        advice = f"Check how its name is written, and that {provider.base_url}, where it is set, is right to its end."
        return Step("Model", False, f"The provider has no model {name.partition(':')[2]}.", advice)
    if failure.code is Failure.BAD_OUTPUT:
        advice = f"Check that {provider.base_url}, where it is set, is right to its end, and see the details."
        return Step("Answer", False, "What answers there could not be understood.", advice)
    why = EXPLANATIONS[failure.code]
    return Step("Answer", False, f"{why.heading}.", _ADVICE.get(failure.code, why.advice))


_ADVICE = {
    Failure.RATE_LIMITED: "This passes by itself. Key and model are right; try again in a minute.",
    Failure.PROVIDER_ERROR: "Try again when the provider is well again.",
    Failure.TIMEOUT: "Try again when the provider is well again.",
    Failure.STREAM_BROKEN: "Try again. If it stays so, look at what is in between, such as a proxy.",
    Failure.QUOTA_EXHAUSTED: "Top it up with the provider.",
    Failure.CONTENT_FILTERED: "The provider refuses even a harmless question: look into its settings.",
    Failure.INTERNAL_ERROR: "Try again. If it comes back, the details say more.",
}
