"""System checks for SQLite: what several processes need of it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from .installation import TAG, as_number

SHORTEST_BUSY_TIMEOUT = 20
SYNCHRONOUS = re.compile(r"synchronous\s*=\s*(\w+)", re.IGNORECASE)
JOURNAL_MODE = re.compile(r"journal_mode\s*=\s*(\w+)", re.IGNORECASE)
FULL = {"full", "extra", "2", "3"}


@dataclass(frozen=True)
class SQLiteRule:
    """What the options of a SQLite database must be, and what happens where they are not."""

    id: str
    is_kept: Callable[[Mapping[str, object], str], bool]
    text: str
    hint: str
    kind: type[Error | Warning] = Error


SQLITE_RULES = (
    SQLiteRule(
        "chapterflow.E010",
        lambda options, pragmas: _pragma(JOURNAL_MODE, pragmas) == "wal",
        "SQLite is not in WAL mode, so readers and the writer would lock each other out.",
        "Put PRAGMA journal_mode=WAL into the database's init_command.",
    ),
    SQLiteRule(
        "chapterflow.E011",
        lambda options, pragmas: str(options.get("transaction_mode", "")).upper() == "IMMEDIATE",
        "SQLite's transactions are not IMMEDIATE, so two that write could only fail as “locked”.",
        'Put "transaction_mode": "IMMEDIATE" into the database\'s OPTIONS.',
    ),
    SQLiteRule(
        "chapterflow.E012",
        lambda options, pragmas: as_number(options.get("timeout", 5)) >= SHORTEST_BUSY_TIMEOUT,
        f"SQLite waits less than {SHORTEST_BUSY_TIMEOUT} s for a lock, so busy workers would fail.",
        'Put "timeout": 60 into the database\'s OPTIONS.',
    ),
    SQLiteRule(
        "chapterflow.W001",
        lambda options, pragmas: _pragma(SYNCHRONOUS, pragmas, "full") in FULL,
        "SQLite's synchronous is below FULL: chapters stored last may be lost when the power fails.",
        "Put PRAGMA synchronous=FULL into the database's init_command.",
        Warning,
    ),
    SQLiteRule(
        "chapterflow.W002",
        lambda options, pragmas: not settings.REDIS_URL,
        "REDIS_URL is set, as for several machines, but the database is a SQLite file on this one.",
        "Set DATABASE_URL to a PostgreSQL that all of them reach, or take REDIS_URL away.",
        Warning,
    ),
)


@register(TAG)
def check_sqlite(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """SQLite holds what several processes write at once only in the right mode."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return []
    given = database.get("OPTIONS")
    options: Mapping[str, object] = given if isinstance(given, dict) else {}
    pragmas = str(options.get("init_command", ""))
    return [
        rule.kind(rule.text, hint=rule.hint, id=rule.id)
        for rule in SQLITE_RULES
        if not rule.is_kept(options, pragmas)
    ]


def _pragma(pattern: re.Pattern[str], pragmas: str, default: str = "") -> str:
    found = pattern.findall(pragmas)
    return found[-1].lower() if found else default
