"""Counts failed sign-ins per name and address in the cache, so that passwords cannot be guessed at speed."""

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

MOST_TRIES = 10
WAIT_SECONDS = 15 * 60


def tries_left(request: HttpRequest, username: str) -> int:
    """Return how many more tries `username` has from this address."""
    return max(0, MOST_TRIES - int(cache.get(_key(request, username), 0)))


def count_failure(request: HttpRequest, username: str) -> int:
    """Count a failed sign-in; return how many tries are left. The wait begins with the first failure."""
    key = _key(request, username)
    cache.add(key, 0, WAIT_SECONDS)
    try:
        return max(0, MOST_TRIES - cache.incr(key))
    except ValueError:  # it expired between the two calls
        return MOST_TRIES


def forget_failures(request: HttpRequest, username: str) -> None:
    """Start again after a success."""
    cache.delete(_key(request, username))


def _key(request: HttpRequest, username: str) -> str:
    who = f"{username.strip().casefold()}\n{request.META.get('REMOTE_ADDR', '')}"
    return f"sign-in-{hashlib.sha256(who.encode()).hexdigest()}"
