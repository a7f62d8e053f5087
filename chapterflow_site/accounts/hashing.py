"""Passwords hashed a few at a time: each takes a processor for a good part of a second, whoever asks for it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from chapterflow_site.core.exceptions import TooSoon

# The others of the machine's processors go on with pages and boards.
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
WAIT_SECONDS = 3.0
# Each that waits holds a thread that pages need: a longer line is sent away at once.
MOST_WAITING = 3

_places = threading.BoundedSemaphore(AT_ONCE)
_line = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


class BoundedHasher(PBKDF2PasswordHasher):
    """Django's own, and its hashes, with a place in this process for each that is computed."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Return the hash. Raises TooSoon where no place became free in time."""
        with _place():
            return super().encode(password, salt, iterations)


@contextmanager
def _place() -> Iterator[None]:
    busy = TooSoon("too_many_sign_ins", "Many people are signing in just now. Try again in a moment.")
    if not _line.acquire(blocking=False):
        raise busy
    try:
        if not _places.acquire(timeout=WAIT_SECONDS):
            raise busy
        try:
            yield
        finally:
            _places.release()
    finally:
        _line.release()
