"""Makes a model from its string: the only module that knows how a provider's package is found and configured."""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow.agents.types import AgentError
from workflow.failures import Failure

if TYPE_CHECKING:
    from pydantic_ai.models import Model


@dataclass(frozen=True)
class Provider:
    """`package` is what must be importable, `extra` what installs it; `base_url` must be set where it is not "".

    `always_ends` is whether its streams always say why they end: one that does not say so has broken off.
    """

    package: str
    extra: str
    base_url: str = ""
    always_ends: bool = False


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider("openai", "openai"),
    "openai-chat": Provider("openai", "openai", always_ends=True),
    "anthropic": Provider("anthropic", "anthropic"),
    "google": Provider("google.genai", "google"),
    "mistral": Provider("mistralai", "mistral"),
    # Ollama has sent complete answers without a reason for their end; their closing block proves them complete.
    "ollama": Provider("openai", "openai", base_url="OLLAMA_BASE_URL"),
    "vllm": Provider("openai", "openai", base_url="VLLM_BASE_URL", always_ends=True),
}
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


def make_model(name: str) -> "Model":
    """Make the model, with base URL and key from the environment. It belongs to one event loop and one job.

    Raises AgentError: model_not_found where a package or a base URL is missing, bad_credentials where the key is.
    """
    if not _is_one(name):
        raise AgentError(Failure.MODEL_NOT_FOUND, f"“{name}” does not name a provider and a model")
    kind, _, model_name = name.partition(":")
    provider = PROVIDERS[kind]
    for package in ("pydantic_ai", provider.package):
        if not _is_installed(package):
            raise AgentError(Failure.MODEL_NOT_FOUND, missing_package(name, provider))
    if provider.base_url and not os.environ.get(provider.base_url):
        raise AgentError(
            Failure.MODEL_NOT_FOUND, f"{provider.base_url} is not set: it says where {kind} answers"
        )
    from pydantic_ai.exceptions import UserError

    try:
        return _model(kind, model_name, provider)
    except UserError as error:
        raise AgentError(Failure.BAD_CREDENTIALS, _first_sentence(str(error))) from None
    except ImportError:
        raise AgentError(Failure.MODEL_NOT_FOUND, missing_package(name, provider)) from None


def missing_package(name: str, provider: Provider) -> str:
    """Return the sentence that says what to install."""
    return f"{name} needs a package that is not installed: {INSTALL.format(extra=provider.extra)}"


def window_of(model: "Model") -> int | None:
    """Return how many tokens the model takes at once; None where nobody has written that down."""
    window = model.profile.get("context_window")
    return window if isinstance(window, int) and window > 0 else None


def _model(kind: str, model_name: str, provider: Provider) -> "Model":
    from pydantic_ai.models import infer_model

    if not provider.always_ends:
        return infer_model(f"{kind}:{model_name}")
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers import infer_provider

    profile = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    return OpenAIChatModel(model_name, provider=infer_provider(kind), profile=profile)


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _first_sentence(text: str) -> str:
    return text.strip().split("\n")[0].split(". ")[0][:200]
