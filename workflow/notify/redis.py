"""Carries notifications to the web processes of other machines, through the Redis of `REDIS_URL`.

A thread beside the work publishes them, and each web process has one subscription, however many people watch. A
process leaves out what came to its own socket already. Redis forgets what nobody is subscribed to, which is right
here: the events are in the database.
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

# How many messages wait while Redis is slow; the oldest is dropped first.
MOST_WAITING = 200
PAUSE_SECONDS = 1.0
SEND_SECONDS = 2.0
# A subscription is quiet for long, so its wait has no end; a connection that died is noticed by a ping that fails.
LISTEN_SECONDS = 5.0
PING_SECONDS = 10

_publisher: "Publisher | None" = None


def channel() -> str:
    """Return the Redis channel of this installation's notifications, the same on all its machines."""
    # The name of before: machines that are not upgraded yet publish and subscribe under it.
    return f"{settings.Q_CLUSTER['name']}:bells"


def publish(datagram: bytes, reached: Sequence[str]) -> None:
    """Hand the datagram to the publishing thread, where there is a Redis. Never waits for Redis.

    `reached` are the sockets that have it already.
    """
    global _publisher
    if not settings.REDIS_URL:
        return
    if _publisher is None:
        _publisher = Publisher(settings.REDIS_URL)
    _publisher.tell(",".join(PurePath(path).name for path in reached).encode() + b"\n" + datagram)


def _forget_publisher() -> None:
    """Let a forked process start a publishing thread of its own: threads do not survive a fork."""
    global _publisher
    _publisher = None


os.register_at_fork(after_in_child=_forget_publisher)


class Publisher:
    """Publishes in a thread of its own, so that nothing waits for a Redis that is slow or away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._has_news = threading.Event()
        threading.Thread(target=self._run, name="redis-publisher", daemon=True).start()

    def tell(self, message: bytes) -> None:
        """Queue the message for the thread. Never blocks."""
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
                    logger.warning(
                        "no notifications through Redis: %s; boards on other machines change later", error
                    )
                is_away = True
                # Once Redis is back, the polls have found all of these.
                self._waiting.clear()
                time.sleep(PAUSE_SECONDS)


async def subscribe(own_name: str, hear: Callable[[bytes], None]) -> None:
    """Hand each datagram that comes through Redis to `hear`, until cancelled.

    One that was sent to the socket `own_name` too is left out.
    """
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
                logger.warning("no notifications through Redis: %s; boards change a little later", error)
            is_away = True
            await asyncio.sleep(PAUSE_SECONDS)


async def _listen(own_name: str, hear: Callable[[bytes], None], is_here: Callable[[], None]) -> None:
    """Subscribe and hand on what comes. Raises any error that ends the connection."""
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
