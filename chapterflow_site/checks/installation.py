"""System checks for settings that would break something, each with a sentence and a hint."""

from collections.abc import Sequence
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from chapterflow_site import env

TAG = "chapterflow"
# Ten minutes of trying to store a result, and some air.
SECONDS_BESIDE_AN_ATTEMPT = 660
HEARTBEATS_PER_LEASE = 3
SHORTEST_HEARTBEAT = 1
READABLE_BY_OTHERS = 0o007


@register(TAG)
def check_queue_times(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A task must not be stopped, or delivered a second time, while an attempt may still run."""
    messages: list[CheckMessage] = []
    timeout, retry = (
        as_number(settings.Q_CLUSTER.get("timeout")),
        as_number(settings.Q_CLUSTER.get("retry", 60)),
    )
    needed = (
        settings.CHAPTERFLOW_SLICE_SECONDS + settings.CHAPTERFLOW_ATTEMPT_SECONDS + SECONDS_BESIDE_AN_ATTEMPT
    )
    if timeout < needed:
        messages.append(
            Error(
                f"Q_CLUSTER's timeout of {timeout:g} s is shorter than a slice, an attempt and "
                f"{SECONDS_BESIDE_AN_ATTEMPT} s together, so a worker would be killed while it writes.",
                hint=f"Set it to at least {needed} s, or lower CHAPTERFLOW_ATTEMPT_SECONDS.",
                id="chapterflow.E001",
            )
        )
    if retry <= 3 * timeout:
        messages.append(
            Error(
                f"Q_CLUSTER's retry of {retry:g} s is not longer than three times its timeout, so a task could "
                "be delivered again while it still runs.",
                hint=f"Set it to more than {3 * timeout:g} s.",
                id="chapterflow.E002",
            )
        )
    return messages


# (setting, what django-q2 takes where it is missing, what it must be, id, why)
QUEUE_RULES: Sequence[tuple[str, object, object, str, str]] = (
    ("max_attempts", 0, 1, "chapterflow.E003", "a wake-up that broke would come again and again by itself"),
    ("ack_failures", False, True, "chapterflow.E004", "a wake-up that broke would be delivered again"),
    ("queue_limit", None, 1, "chapterflow.E005", "a busy worker would keep wake-ups that others could take"),
    ("catch_up", True, False, "chapterflow.E006", "after a pause every missed minute would be made up for"),
)


@register(TAG)
def check_queue_rules(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Retrying is ours and not the queue's; each worker takes one wake-up at a time."""
    messages: list[CheckMessage] = [
        Error(f"Q_CLUSTER's {name} is not {wanted}: {why}.", hint=f'Set "{name}": {wanted}.', id=id)
        for name, default, wanted, id, why in QUEUE_RULES
        if settings.Q_CLUSTER.get(name, default) != wanted
    ]
    if as_number(settings.Q_CLUSTER.get("save_limit", 250)) < 0:
        messages.append(
            Error(
                "Q_CLUSTER's save_limit is below 0, so the queue keeps no record of what its tasks did.",
                hint='Set "save_limit": 50.',
                id="chapterflow.E007",
            )
        )
    return messages


@register(TAG)
def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Transactions are the engine's own; a web process keeps no connections between requests."""
    messages: list[CheckMessage] = []
    database = settings.DATABASES["default"]
    if database.get("ATOMIC_REQUESTS"):
        messages.append(
            Error(
                "ATOMIC_REQUESTS is on, so a request would hold its locks until its page is made.",
                hint="Take it out of DATABASES.",
                id="chapterflow.E008",
            )
        )
    if not settings.IS_WORKER and database.get("CONN_MAX_AGE", 0) != 0:
        messages.append(
            Error(
                "CONN_MAX_AGE is not 0 in a web process: under ASGI its connections would never be closed.",
                hint="Set it to 0 where CHAPTERFLOW_PROCESS is not “worker”.",
                id="chapterflow.E009",
            )
        )
    return messages


def as_number(value: object) -> float:
    """Return a setting as a number; one that is None or no number counts as 0."""
    return float(value) if isinstance(value, int | float) else 0.0


@register(TAG)
def check_lease(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A lease must outlast a heartbeat that comes late."""
    shortest = HEARTBEATS_PER_LEASE * SHORTEST_HEARTBEAT
    if shortest <= settings.CHAPTERFLOW_LEASE_SECONDS:
        return []
    return [
        Error(
            f"CHAPTERFLOW_LEASE_SECONDS is {settings.CHAPTERFLOW_LEASE_SECONDS}, shorter than three "
            "heartbeats, so chapters would be taken away from workers that are well.",
            hint=f"Set it to at least {shortest}; 30 is usual.",
            id="chapterflow.E013",
        )
    ]


POSITIVE = (
    "CHAPTERFLOW_WORKERS",
    "CHAPTERFLOW_CHAPTERS_PER_WORKER",
    "CHAPTERFLOW_PARALLEL_CHAPTERS",
    "CHAPTERFLOW_ATTEMPT_SECONDS",
    "CHAPTERFLOW_SLICE_SECONDS",
)


@register(TAG)
def check_counts(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Without workers, time or chapters to write at once, no book would go on."""
    return [
        Error(f"{name} must be 1 or more.", hint=f"Set {name}, or leave it out.", id="chapterflow.E014")
        for name in POSITIVE
        if getattr(settings, name) < 1
    ]


@register(TAG)
def check_writer(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """The default writer must be one that there is; one of your own must be importable here."""
    from chapterflow_site.core.exceptions import Invalid
    from workflow.agents.orchestrator import PYTHON, check_allowed, load_factory
    from workflow.contract.agent_types import AgentError

    writer = settings.CHAPTERFLOW_WRITER
    hint = (
        "Set CHAPTERFLOW_WRITER to “quotations”, “python:package.module:factory” or a provider and a model."
    )
    try:
        check_allowed(writer)
        if not writer.startswith(PYTHON):
            return []
        if writer.count(":") != 2 or not all(writer.split(":")):
            return [Error(f"CHAPTERFLOW_WRITER “{writer}” cannot be read.", hint=hint, id="chapterflow.E015")]
        load_factory(writer)
    except Invalid as refusal:
        return [Error(f"CHAPTERFLOW_WRITER: {refusal.message}", hint=hint, id="chapterflow.E015")]
    except AgentError as error:
        return [Warning(f"CHAPTERFLOW_WRITER: {error.message}.", hint=hint, id="chapterflow.W003")]
    return []


@register(TAG)
def check_budget(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A budget in money can only be kept to by writers whose price is known; the others are refused at the start."""
    if settings.CHAPTERFLOW_BUDGET[0] is None:
        return []
    from workflow.engine.budget.limits import unpriced

    named = [settings.CHAPTERFLOW_WRITER, *settings.CHAPTERFLOW_WRITERS]
    unknown = [model for writer in named if not writer.endswith("*") for model in unpriced(writer)]
    if not unknown:
        return []
    return [
        Warning(
            f"CHAPTERFLOW_BUDGET is an amount of money, but the price of {', '.join(dict.fromkeys(unknown))} is not "
            "known, so no book can be started with it unless a budget in tokens is named.",
            hint="State the price in CHAPTERFLOW_PRICES, or give the budget in tokens.",
            id="chapterflow.W008",
        )
    ]


@register(TAG)
def check_debug(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Error pages with source code are for one's own machine."""
    if not (settings.DEBUG and "*" in settings.ALLOWED_HOSTS):
        return []
    return [
        Error(
            "DEBUG is on and ALLOWED_HOSTS takes every name: anybody could read code and settings.",
            hint="Switch DEBUG off, or name the hosts.",
            id="chapterflow.E016",
        )
    ]


@register(TAG)
def check_data_dir(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Books and the secret key are for the installation's own account."""
    folder = Path(settings.DATA_DIR)
    if not folder.is_dir() or not folder.stat().st_mode & READABLE_BY_OTHERS:
        return []
    return [
        Warning(
            f"Other accounts of this machine can look into the data directory {folder}.",
            hint=f"Run: chmod o-rwx {folder}",
            id="chapterflow.W004",
        )
    ]


@register(TAG)
def check_windows(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A window that cannot be read would let chapters be sent to a model that cannot take them."""
    from workflow.agents.llm.providers.windows import VARIABLE, UnreadableWindows, read_windows

    try:
        read_windows(env.text(VARIABLE))
    except UnreadableWindows as error:
        return [
            Error(
                f"{VARIABLE} cannot be read: {error}.",
                hint="Write model=tokens, more of them with commas, as in ollama:llama3=8192,vllm:qwen=32768.",
                id="chapterflow.E019",
            )
        ]
    return []
