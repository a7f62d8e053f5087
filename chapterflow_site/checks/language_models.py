"""System checks for backends that are configured and cannot work: what they are, and what they need."""

import importlib.util
from collections.abc import Iterator, Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from .installation import TAG

_ROLES = ("CHAPTERFLOW_HARMONIZER", "CHAPTERFLOW_QUESTIONER")


@register(TAG)
def check_roles(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Harmonizer and questioner are rules, or language models that there are."""
    from workflow.agents.llm import is_model
    from workflow.agents.orchestrator import RULES

    return [
        Error(
            f"{name} “{getattr(settings, name)}” names no language model.",
            hint="Set it to “rules”, or to a provider and a model such as “anthropic:claude-sonnet-4-5”.",
            id="chapterflow.E017",
        )
        for name in _ROLES
        if getattr(settings, name) != RULES and not is_model(getattr(settings, name))
    ]


@register(TAG)
def check_writers(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """What may be chosen must be something that there is; code of one's own is looked for, not imported."""
    from workflow.agents.llm import is_model
    from workflow.agents.orchestrator import PYTHON, QUOTATIONS

    messages: list[CheckMessage] = []
    for writer in settings.CHAPTERFLOW_WRITERS:
        if writer.startswith(PYTHON):
            messages += _missing_code(writer)
        elif writer != QUOTATIONS and not writer.endswith("*") and not is_model(writer):
            messages.append(
                Error(
                    f"CHAPTERFLOW_WRITERS names “{writer}”, which is no writer of this version.",
                    hint="Write “quotations”, “python:package.module:factory” or a provider and a model.",
                    id="chapterflow.E018",
                )
            )
    return messages


def _missing_code(writer: str) -> Iterator[CheckMessage]:
    package = writer.split(":")[1].partition(".")[0].rstrip("*")
    if package and importlib.util.find_spec(package) is None:
        yield Warning(
            f"CHAPTERFLOW_WRITERS names {writer}, but there is no package “{package}”.",
            hint="Install it, or put its folder on PYTHONPATH.",
            id="chapterflow.W003",
        )


@register(TAG)
def check_models(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Each configured model needs its package, its key and, where it runs on a server of one's own, an address.

    Warnings only: another machine may have what is missing here, and everything else works without it.
    """
    return [message for name, model in sorted(_configured().items()) for message in _needs(name, model)]


def _configured() -> dict[str, str]:
    """Return each configured model with the setting that names it."""
    from workflow.agents.llm import is_model, split_models

    named = [(name, getattr(settings, name)) for name in ("CHAPTERFLOW_WRITER", *_ROLES)]
    named += [("CHAPTERFLOW_WRITERS", writer) for writer in settings.CHAPTERFLOW_WRITERS]
    found: dict[str, str] = {}
    for name, writer in named:
        if is_model(writer) and not writer.endswith("*"):
            found.update({model: found.get(model, name) for model in split_models(writer)})
    return found


def _needs(model: str, setting: str) -> Iterator[CheckMessage]:
    from workflow.agents.llm.providers import backends

    provider = backends.provider_of(model)
    if not backends.is_installed(provider):
        yield Warning(
            f"{setting}: {model} needs a package that is not installed.",
            hint=f"Run: {backends.INSTALL.format(extra=provider.extra)}",
            id="chapterflow.W005",
        )
    if provider.is_own and backends.base_url_of(provider) is None:
        yield Warning(
            f"{setting}: nothing says where {model} answers.",
            hint=f"Set {provider.base_url}, such as http://127.0.0.1:8000/v1.",
            id="chapterflow.W006",
        )
    if key := backends.missing_key(provider):
        yield Warning(
            f"{setting}: there is no key for {model}.",
            hint=f"Put it into the environment as {key}, or into the file .env.",
            id="chapterflow.W007",
        )


@register(TAG)
def check_limits(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A limit of chapters at once must name somebody who can be called, or it holds nobody back."""
    from workflow.agents.llm import PROVIDERS
    from workflow.agents.orchestrator import PYTHON
    from workflow.agents.providers import ALL, ANY, provider_of

    known = {ALL, ANY, *map(provider_of, PROVIDERS)}
    return [
        Error(
            f"CHAPTERFLOW_CHAPTERS_AT_ONCE names “{name}”, which is no provider.",
            hint=f"Write {', '.join(sorted(known - {ALL, ANY}))}, “{ALL}”, “{ANY}” or a writer of your own, "
            "such as “python:package.module:factory”.",
            id="chapterflow.E025",
        )
        for name in settings.CHAPTERFLOW_CHAPTERS_AT_ONCE
        if name not in known and not name.startswith(PYTHON)
    ]
