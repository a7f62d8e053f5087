"""Names the queue's tasks and keys, and the fields of a task that are used here."""

from typing import TypedDict

# These paths are stored in rows of the queue and of its schedule. A release that renames one loses what the release
# before has queued, so that the names of before stay: `tend` recovers lost sessions, `sing` answers a health probe.
ADVANCE = "workflow.tasks.advance_session"
TEND = "workflow.tasks.tend"
HEALTH_PROBE = "workflow.tasks.sing"
SCHEDULE_NAME = "chapterflow-tend"


class Task(TypedDict, total=False):
    """A task as django-q2 carries it. One that cannot be read has only an id."""

    func: object
    args: tuple[object, ...]


def probe_key(queue: str, cluster: str) -> str:
    """Return the key under which only `cluster` looks for tasks."""
    return f"{queue}:{cluster}"
