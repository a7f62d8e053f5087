"""Says what is wrong with the database in words that help, and waits for it with little patience."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from .exceptions import DomainError

RETRY_AFTER_SECONDS = 10
PATIENCE_MILLISECONDS = 500
# What SQLite and PostgreSQL say, in lower case.
_FULL = ("disk is full", "no space left", "disk full")
_READ_ONLY = ("readonly database", "unable to open database file", "read-only")
_BUSY = ("database is locked", "database table is locked", "lock timeout")


class DatabaseAway(DomainError):
    """The database does not take or give anything now; nothing that is stored is lost by that."""

    status = 503
    retry_after_seconds = RETRY_AFTER_SECONDS


def outage_of(error: BaseException | None) -> DatabaseAway | None:
    """Return what a person is told of an error, None where the database is well."""
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    said = str(error).lower()
    if any(words in said for words in _FULL):
        text = "The disk of the database is full, so nothing can be stored. What is stored is safe."
        return DatabaseAway("disk_full", f"{text} Make room, then try again.")
    if any(words in said for words in _BUSY):
        return DatabaseAway(
            "database_busy", "The database is busy and did not answer in time. Try again in a moment."
        )
    if any(words in said for words in _READ_ONLY):
        text = "Nothing can be stored: the database, or the folder that it lies in, can only be read."
        return DatabaseAway(
            "database_read_only", f"{text} Make both writable for the account that runs ChapterFlow."
        )
    # A table or column that is missing: SQLite says so by the same error.
    if said.startswith("no such"):
        return None
    return DatabaseAway("database_away", "The database does not answer. Try again in a moment.")


@contextmanager
def little_patience() -> Iterator[None]:
    """Wait half a second for SQLite's lock instead of the usual time, so that the watching thread renews its leases."""
    # Only SQLite has one lock for all that is written.
    if connection.vendor != "sqlite":
        yield
        return
    usual = round(float(connection.settings_dict["OPTIONS"].get("timeout", 5)) * 1000)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}")
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
