"""Counts sign-ins per name and address in the cache, so that passwords cannot be guessed at speed."""

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

MOST_TRIES = 10
# For one name from all addresses: a proxy that passes on what a client says of itself lets it choose them.
MOST_TRIES_ANYWHERE = 100
WAIT_SECONDS = 15 * 60


def take_try(request: HttpRequest, username: str) -> int | None:
    """Count a try before its password is looked at; return how many are left after it, None where none was.

    Counting first lets those that come at the same time not share one try. The wait begins with the first.
    """
    left = MOST_TRIES - _count(_key(username, address_of(request)))
    if settings.SECURE_PROXY_SSL_HEADER:
        left = min(left, MOST_TRIES_ANYWHERE - _count(_key(username)))
    return left if left >= 0 else None


def forget_tries(request: HttpRequest, username: str) -> None:
    """Start again after a success."""
    cache.delete_many([_key(username, address_of(request)), _key(username)])


def address_of(request: HttpRequest) -> str:
    """Return where the request comes from; behind the proxy of CHAPTERFLOW_HTTPS, what the proxy says.

    The last address is the proxy's own word, what stands before it anybody may have written.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def _count(key: str) -> int:
    cache.add(key, 0, WAIT_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:  # it expired between the two calls
        return 1


def _key(username: str, address: str = "") -> str:
    who = f"{username.strip().casefold()}\n{address}"
    return f"sign-in-{hashlib.sha256(who.encode()).hexdigest()}"
