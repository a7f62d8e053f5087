"""What the queue's tasks and keys are called, and what is used here of a task."""

from typing import TypedDict

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
