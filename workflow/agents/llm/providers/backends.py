"""Makes a model from its string: the only module that knows how a provider's package is found and configured."""

import importlib.util
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workflow.contract.agent_types import AgentError
from workflow.contract.failures import Failure

if TYPE_CHECKING:
    from httpx2 import AsyncClient
    from openai import AsyncOpenAI
    from pydantic_ai.models import Model
    from pydantic_ai.providers import Provider as Client


@dataclass(frozen=True)
class ProviderPackage:
    """`package` is what must be importable, `extra` what installs it. `base_url` and `keys` name variables.

    `host` is where it answers where no variable says otherwise. `account` is whose account it uses, where that is
    another entry's: limits and published prices are kept for that one. `label` is how pages call it.
    `is_own` is whether it runs where somebody of the installation put it: its address must be set, a key need not.
    `always_ends` is whether its streams always say why they end: one that does not say so has broken off.
    """

    label: str
    package: str
    extra: str
    base_url: str
    keys: tuple[str, ...]
    host: str = ""
    account: str = ""
    is_own: bool = False
    always_ends: bool = False


_OPENAI = ("OpenAI", "openai", "openai", "OPENAI_BASE_URL", ("OPENAI_API_KEY",), "api.openai.com")

PROVIDERS: Mapping[str, ProviderPackage] = {
    "openai": ProviderPackage(*_OPENAI),
    "openai-chat": ProviderPackage(*_OPENAI, account="openai", always_ends=True),
    "anthropic": ProviderPackage(
        "Anthropic",
        "anthropic",
        "anthropic",
        "ANTHROPIC_BASE_URL",
        ("ANTHROPIC_API_KEY",),
        "api.anthropic.com",
    ),
    "google": ProviderPackage(
        "Google",
        "google.genai",
        "google",
        "GOOGLE_GEMINI_BASE_URL",
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        "generativelanguage.googleapis.com",
    ),
    "mistral": ProviderPackage(
        "Mistral", "mistralai", "mistral", "MISTRAL_BASE_URL", ("MISTRAL_API_KEY",), "api.mistral.ai"
    ),
    # Ollama has sent complete answers without a reason for their end; their closing block proves them complete.
    "ollama": ProviderPackage(
        "Ollama", "openai", "openai", "OLLAMA_BASE_URL", ("OLLAMA_API_KEY",), is_own=True
    ),
    "vllm": ProviderPackage(
        "vLLM", "openai", "openai", "VLLM_BASE_URL", ("VLLM_API_KEY",), is_own=True, always_ends=True
    ),
}
# Google streams sentences, not tokens; its package wants a client of its own making.
_SENDS_LARGE_PIECES = "google:"
INSTALL = 'pip install "pydantic-ai-slim[{extra}]"'


def is_model(writer: str) -> bool:
    """Return whether the string names language models, one or a list with commas."""
    names = split_models(writer)
    return bool(names) and all(_is_one(name) for name in names)


def _is_one(name: str) -> bool:
    provider, _, model = name.partition(":")
    return provider in PROVIDERS and bool(model.strip())


def split_models(writer: str) -> tuple[str, ...]:
    """Return the strings of a list with commas, first choice first."""
    return tuple(name.strip() for name in writer.split(",") if name.strip())


@asynccontextmanager
async def open_model(name: str) -> "AsyncIterator[Model]":
    """Make the model for one job, with an HTTP client of its own, and close both. Raises as `make_model`."""
    provider_of(name)
    async with AsyncExitStack() as stack:
        client = None
        if is_installed(PROVIDERS[name.partition(":")[0]]) and not name.startswith(_SENDS_LARGE_PIECES):
            from .coalescing import CoalescingClient

            client = await stack.enter_async_context(CoalescingClient())
        yield await stack.enter_async_context(make_model(name, client))


def make_model(name: str, client: "AsyncClient | None" = None) -> "Model":
    """Make the model, with base URL and key from the environment. It belongs to one event loop and one job.

    Raises AgentError: model_not_found where a package or a base URL is missing, bad_credentials where the key is.
    """
    kind, _, model_name = name.partition(":")
    provider = provider_of(name)
    if not is_installed(provider):
        raise AgentError(Failure.MODEL_NOT_FOUND, missing_package(name, provider))
    if provider.is_own and base_url_of(provider) is None:
        raise AgentError(
            Failure.MODEL_NOT_FOUND, f"{provider.base_url} is not set: it says where {kind} answers"
        )
    from pydantic_ai.exceptions import UserError

    try:
        return _model(kind, model_name, provider, client)
    except UserError as error:
        raise AgentError(Failure.BAD_CREDENTIALS, _first_sentence(str(error))) from None
    except ImportError:
        raise AgentError(Failure.MODEL_NOT_FOUND, missing_package(name, provider)) from None


def preload(writers: Iterable[str]) -> None:
    """Import what the models among `writers` need, so that the processes forked from this one share it.

    One whose package, key or address is missing is left out: its chapters will say so.
    """
    for name in dict.fromkeys(
        name for writer in writers if is_model(writer) for name in split_models(writer)
    ):
        with suppress(AgentError):
            make_model(name)
            importlib.import_module("pydantic_ai.direct")


def provider_of(name: str) -> ProviderPackage:
    """Return the provider of one model. Raises AgentError(model_not_found) where the string names none."""
    if not _is_one(name):
        raise AgentError(Failure.MODEL_NOT_FOUND, f"“{name}” does not name a provider and a model")
    return PROVIDERS[name.partition(":")[0]]


def account_of(kind: str) -> str:
    """Return under which name the provider's account is known: "openai" of "openai-chat"."""
    return (PROVIDERS[kind].account if kind in PROVIDERS else "") or kind


def is_installed(provider: ProviderPackage) -> bool:
    """Return whether the packages that speak to the provider are there, without importing them."""
    return all(_is_installed(package) for package in ("pydantic_ai", provider.package))


def base_url_of(provider: ProviderPackage) -> str | None:
    """Return where the environment says that the provider answers; None for its own address."""
    return os.environ.get(provider.base_url, "").strip() or None


def missing_key(provider: ProviderPackage) -> str:
    """Return the variable in which the provider's key is missing, "" where there is one or none is needed.

    A server of OpenAI's form at an address of its own may do without.
    """
    if provider.is_own or any(os.environ.get(key, "").strip() for key in provider.keys):
        return ""
    return "" if provider.package == "openai" and base_url_of(provider) else provider.keys[0]


def missing_package(name: str, provider: ProviderPackage) -> str:
    """Return the sentence that says what to install."""
    return f"{name} needs a package that is not installed: {INSTALL.format(extra=provider.extra)}"


def window_of(model: "Model") -> int | None:
    """Return how many tokens the model takes at once; None where nobody has written that down."""
    window = model.profile.get("context_window")
    return window if isinstance(window, int) and window > 0 else None


def _model(
    kind: str, model_name: str, provider: ProviderPackage, http_client: "AsyncClient | None"
) -> "Model":
    from pydantic_ai.models import infer_model

    def connected(kind: str) -> "Client[object]":
        return _client(kind, http_client)

    if not provider.always_ends:
        return infer_model(f"{kind}:{model_name}", provider_factory=connected)
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile

    profile = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    return OpenAIChatModel(model_name, provider=cast("Client[AsyncOpenAI]", connected(kind)), profile=profile)


def _client(kind: str, http_client: "AsyncClient | None") -> "Client[object]":
    """Make pydantic-ai's provider, with the address from the environment: not every one looks there by itself."""
    from pydantic_ai.providers import infer_provider_class

    make = cast("Callable[..., Client[object]]", infer_provider_class(kind))
    return make(base_url=base_url_of(PROVIDERS[kind]), http_client=http_client)


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _first_sentence(text: str) -> str:
    return text.strip().split("\n")[0].split(". ")[0][:200]
