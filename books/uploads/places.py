"""Who may have an upload read now: one at once a person, and a few an installation's machine, over all processes.

A place is a locked file. The kernel frees it with the process that holds it, however that ends.
"""

import ctypes
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from chapterflow_site.core.exceptions import DomainError, TooSoon

_LOOK_SECONDS = 0.1
_RETRY_SECONDS = 30


class Busy(DomainError):
    """The installation does as much of this as it can."""

    status = 503
    retry_after_seconds = _RETRY_SECONDS


@contextmanager
def reading_place(person: AbstractBaseUser) -> Iterator[None]:
    """Hold a place while an upload is read and stored.

    Waits for one as long as the settings say, then raises TooSoon where the person has another upload, else Busy.
    Raises TooSoon at once where one of the person's waits already: each that waits holds a thread that others need.
    Memory goes back at the end: what was read is best dropped by then.
    """
    ends = time.monotonic() + settings.CHAPTERFLOW_UPLOAD_WAIT_SECONDS
    own, waiting = [_file(f"person-{person.pk}")], [_file(f"person-{person.pk}-next")]
    shared = [_file(f"place-{number}") for number in range(_places())]
    with ExitStack() as held:
        with _one_of(waiting, 0, _another_of_yours):
            held.enter_context(_one_of(own, ends, _another_of_yours))
        held.enter_context(_one_of(shared, ends, _busy))
        held.callback(give_back)
        yield


def _places() -> int:
    return max(1, settings.CHAPTERFLOW_UPLOADS_AT_ONCE)


def _file(name: str) -> Path:
    folder = Path(settings.DATA_DIR) / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}.lock"


@contextmanager
def _one_of(files: Sequence[Path], ends: float, refusal: Callable[[], DomainError]) -> Iterator[None]:
    while (descriptor := _locked(files)) is None:
        if time.monotonic() >= ends:
            raise refusal()
        time.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(files: Sequence[Path]) -> int | None:
    """Return the open file of the first that nobody holds."""
    for path in files:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            return descriptor
    return None


def _another_of_yours() -> DomainError:
    sentence = "Another upload of yours is being read. Nothing of this one was stored."
    return TooSoon("upload_underway", f"{sentence} Wait until the other is done, then upload it again.")


def _busy() -> DomainError:
    sentence = "Several uploads are being read at the moment. Nothing of this one was stored."
    return Busy("uploads_busy", f"{sentence} Upload it again in half a minute.")


def give_back() -> None:
    """Have the C library give back what is free. By itself glibc keeps it, for each thread that read an upload."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
