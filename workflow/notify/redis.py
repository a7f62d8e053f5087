"""Carries bells to the web processes of other machines, through the Redis of `REDIS_URL`.

Redis forgets what nobody hears, as a bell should. Sent by a thread beside the work, and heard by one subscription for
each web process, however many people watch. What was heard on this machine already is left out.
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import PurePath

from django.conf import settings

logger = logging.getLogger(__name__)

# What waits while Redis is slow; the oldest goes first.
MOST_WAITING = 200
PAUSE_SECONDS = 1.0
SEND_SECONDS = 2.0
# A subscription is quiet for long, so its wait has no end; a connection that died is noticed by a ping that fails.
LISTEN_SECONDS = 5.0
PING_SECONDS = 10

_herald: "Publisher | None" = None


def channel() -> str:
    """Return the name under which this installation's bells go, on all its machines."""
    return f"{settings.Q_CLUSTER['name']}:bells"


def publish(datagram: bytes, rung: Sequence[str]) -> None:
    """Send the datagram on its way, where there is a Redis; the sockets in `rung` have it. Never waits for Redis."""
    global _herald
    if not settings.REDIS_URL:
        return
    if _herald is None:
        _herald = Publisher(settings.REDIS_URL)
    _herald.tell(",".join(PurePath(path).name for path in rung).encode() + b"\n" + datagram)


def _forget_publisher() -> None:
    """A forked process has no thread that sends, and begins its own."""
    global _herald
    _herald = None


os.register_at_fork(after_in_child=_forget_publisher)


class Publisher:
    """Publishes in a thread of its own, so that no Redis, quick, slow or away, is ever waited for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._has_news = threading.Event()
        threading.Thread(target=self._run, name="far-bell", daemon=True).start()

    def tell(self, message: bytes) -> None:
        """Have the message sent soon. Never blocks."""
        self._waiting.append(message)
        self._has_news.set()

    def _run(self) -> None:
        try:
            from redis import Redis
        except ImportError:
            return  # A system check says so.
        client = Redis.from_url(self._url, socket_timeout=SEND_SECONDS, socket_connect_timeout=SEND_SECONDS)
        is_away = False
        while True:
            self._has_news.wait()
            self._has_news.clear()
            try:
                while self._waiting:
                    client.publish(channel(), self._waiting.popleft())
                is_away = False
            except Exception as error:
                if not is_away:
                    logger.warning("no bell through Redis: %s; boards on other machines change later", error)
                is_away = True
                # Late news is no news.
                self._waiting.clear()
                time.sleep(PAUSE_SECONDS)


async def subscribe(own_name: str, hear: Callable[[bytes], None]) -> None:
    """Hand each datagram to `hear` that came through Redis and not to the socket `own_name` too, until cancelled."""
    is_away = False

    def is_back() -> None:
        nonlocal is_away
        is_away = False

    while settings.REDIS_URL:
        try:
            await _listen(own_name, hear, is_back)
        except ImportError:
            return  # A system check says so.
        except Exception as error:
            if not is_away:
                logger.warning("no bell through Redis: %s; boards change a little later", error)
            is_away = True
            await asyncio.sleep(PAUSE_SECONDS)


async def _listen(own_name: str, hear: Callable[[bytes], None], is_here: Callable[[], None]) -> None:
    """Subscribe and hand on what comes. Raises whatever ends the connection."""
    from redis.asyncio import Redis

    client = Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=LISTEN_SECONDS,
        socket_connect_timeout=SEND_SECONDS,
        health_check_interval=PING_SECONDS,
    )
    try:
        async with client.pubsub(ignore_subscribe_messages=True) as listening:
            await listening.subscribe(channel())
            is_here()
            while True:
                message = await listening.get_message(timeout=LISTEN_SECONDS / 2)
                if message is not None:
                    names, _, datagram = message["data"].partition(b"\n")
                    if not own_name or own_name.encode() not in names.split(b","):
                        hear(datagram)
    finally:
        with suppress(Exception):
            await client.aclose()
