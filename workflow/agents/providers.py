"""Which providers a writer calls, and how many chapters may be written with each at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from .llm import PROVIDERS, account_of, is_model, split_models

# All model providers of the installation together, beside the limit of each.
ALL = "all"
ANY = "*"
PYTHON = "python:"
_BETWEEN = "|"


@dataclass(frozen=True)
class Backend:
    """One of the writer's backends: the string that names it, and whose places it takes."""

    writer: str
    provider: str


def backends_of(writer: str) -> tuple[Backend, ...]:
    """Return what the writer calls, first choice first; nothing where it calls nobody that could be overrun.

    A `python:` writer is a provider of its own where the installation names a limit for it.
    """
    if is_model(writer):
        return tuple(Backend(model, provider_of(model)) for model in split_models(writer))
    if writer in settings.CHAPTERFLOW_CHAPTERS_AT_ONCE:
        return (Backend(writer, writer),)
    return ()


def provider_of(model: str) -> str:
    """Return the name of the provider whose account a model is on: "openai" of "openai-chat:gpt-5"."""
    return account_of(model.partition(":")[0])


def label_of_provider(provider: str) -> str:
    """Return how the provider is called on pages."""
    if provider.startswith(PYTHON):
        return f"the writer {provider.removeprefix(PYTHON)}"
    if provider == ALL:
        return "a language model"
    return PROVIDERS[provider].label if provider in PROVIDERS else provider


def limit_of(provider: str) -> int | None:
    """Return how many chapters may be written with the provider at once; None where the installation sets no limit."""
    limits = settings.CHAPTERFLOW_CHAPTERS_AT_ONCE
    limit: int | None = limits.get(provider)
    if limit is None and provider != ALL:
        limit = limits.get(ANY)
    return limit


def joined(providers: Iterable[str]) -> str:
    """Return names as a column keeps them: "|anthropic|openai|", "" for none."""
    names = sorted(set(providers))
    return f"{_BETWEEN}{_BETWEEN.join(names)}{_BETWEEN}" if names else ""


def split(column: str) -> Sequence[str]:
    """Return the names of such a column."""
    return [name for name in column.split(_BETWEEN) if name]
