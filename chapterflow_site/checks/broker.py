"""System checks for the queue's broker: which one, how it reaches Redis, when its workers count as wedged."""

from collections.abc import Sequence
from importlib.util import find_spec
from urllib.parse import parse_qsl, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .installation import TAG

# A worker waits a second inside Redis.
SHORTEST_SOCKET_TIMEOUT = 3


@register(TAG)
def check_broker(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """The queue is one of our two brokers; the others end at the first outage, or take what they cannot begin."""
    broker = settings.Q_CLUSTER.get("broker_class")
    if broker in {settings.QUEUE_IN_DATABASE["broker_class"], settings.QUEUE_IN_REDIS["broker_class"]}:
        return []
    return [
        Error(
            f"Q_CLUSTER's broker_class is {broker}, which knows no bell and no probe.",
            hint="Take QUEUE_IN_DATABASE or QUEUE_IN_REDIS into Q_CLUSTER.",
            id="chapterflow.E020",
        )
    ]


@register(TAG)
def check_redis(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Redis needs its library, an address, and sockets that outlast the waiting in it."""
    url = settings.REDIS_URL
    if not url:
        return []
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        return [
            Error(
                "REDIS_URL cannot be read: it begins with redis://, rediss:// or unix://.",
                hint="For example redis://:password@host:6379/0.",
                id="chapterflow.E021",
            )
        ]
    messages: list[CheckMessage] = []
    if find_spec("redis") is None:
        messages.append(
            Error(
                "REDIS_URL is set, but Python's library for Redis is not installed.",
                hint='Run: .venv/bin/python -m pip install "redis>=8,<9". Or take REDIS_URL away.',
                id="chapterflow.E022",
            )
        )
    timeouts = [value for name, value in parse_qsl(parts.query) if name == "socket_timeout"]
    if any(not _is_long(value) for value in timeouts):
        messages.append(
            Error(
                f"REDIS_URL's socket_timeout is shorter than {SHORTEST_SOCKET_TIMEOUT} s: workers that wait in "
                "Redis for something to do would be cut off each time.",
                hint="Take socket_timeout out of REDIS_URL; 5 s are taken then.",
                id="chapterflow.E023",
            )
        )
    return messages


def _is_long(value: str) -> bool:
    try:
        return float(value) >= SHORTEST_SOCKET_TIMEOUT
    except ValueError:
        return False


@register(TAG)
def check_watchdog(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A probe that was lost must be followed by another before the cluster counts as wedged."""
    if settings.CHAPTERFLOW_WEDGED_SECONDS > 2 * settings.CHAPTERFLOW_CANARY_SECONDS > 0:
        return []
    return [
        Error(
            "CHAPTERFLOW_WEDGED_SECONDS is not longer than two times CHAPTERFLOW_CANARY_SECONDS, so workers would be "
            "replaced because of one probe that was lost.",
            hint="Leave both out, or keep them at three to one.",
            id="chapterflow.E024",
        )
    ]
