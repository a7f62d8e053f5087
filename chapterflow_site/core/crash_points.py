"""Names every commit of a person's or the engine's, so that a test can have the process killed before or after it."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from django.db import transaction

VARIABLE = "CHAPTERFLOW_CRASH_AT"
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Plan:
    """Where the process is killed: at the `passing`-th time, from 1, that it comes to this side of the commit."""

    name: str
    side: str
    passing: int


passed: Counter[tuple[str, str]] = Counter()


def planned() -> Plan | None:
    """Return the plan that the variable states, like “store_chapter:after:3”; None where it is unset, as it always is.

    Raises ValueError for what is no plan.
    """
    stated = os.environ.get(VARIABLE, "")
    if not stated:
        return None
    name, side, passing = stated.split(":")
    if side not in {BEFORE, AFTER}:
        raise ValueError(f"{VARIABLE} names a side, “before” or “after”, not “{side}”")
    return Plan(name, side, int(passing))


_plan = planned()


def at_commit(name: str) -> None:
    """Stand last in a transaction: what follows is its commit, of the outermost one where there are several."""
    if _plan is not None:
        pass_by(name, BEFORE)
        transaction.on_commit(partial(pass_by, name, AFTER))


@contextmanager
def named_commit(name: str) -> Iterator[None]:
    """Make one transaction, whose commit has this name; within another one, its commit is the outer one's."""
    with transaction.atomic():
        yield
        at_commit(name)


@contextmanager
def around(name: str) -> Iterator[None]:
    """Stand around a statement that is its own transaction, or around what is sent to a queue outside the database."""
    if _plan is not None:
        pass_by(name, BEFORE)
    yield
    if _plan is not None:
        pass_by(name, AFTER)


def pass_by(name: str, side: str) -> None:
    """Count the passing; at the planned one the process dies at once, without any cleaning up."""
    passed[name, side] += 1
    if _plan == Plan(name, side, passed[name, side]):
        os.kill(os.getpid(), signal.SIGKILL)
