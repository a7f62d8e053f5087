"""What django-q2's workers tell of themselves: who began, who is busy, which canary came through."""

from django_q.signals import post_execute, post_execute_in_worker, post_spawn, pre_execute

from workflow import crew

from . import door
from .names import CANARY, Task


class _Here:
    """This process's membership; None in all processes but workers."""

    membership: crew.Membership | None = None


def connect_hooks() -> None:
    """Let workers tell what they do, and each new one look at once for what a dead one left behind."""
    post_spawn.connect(_join, dispatch_uid="chapterflow-join")
    pre_execute.connect(_begin, dispatch_uid="chapterflow-begin")
    post_execute_in_worker.connect(_rest, dispatch_uid="chapterflow-rest")
    post_execute.connect(_note_canary, dispatch_uid="chapterflow-canary")


def _join(sender: object, **kwargs: object) -> None:
    from workflow import tasks

    tasks.recover_dead_workers()
    _Here.membership = crew.Membership()
    door.ring_idle(crew.current_cluster())


def _begin(sender: object, **kwargs: object) -> None:
    if _Here.membership is not None:
        _Here.membership.begin()


def _rest(sender: object, **kwargs: object) -> None:
    if _Here.membership is not None:
        _Here.membership.rest()
        door.ring_idle(crew.current_cluster())


def _note_canary(sender: object, task: Task, **kwargs: object) -> None:
    """In the monitor, where a task's way through the cluster ends."""
    if task.get("func") == CANARY:
        crew.note_answer(crew.current_cluster(), int(str(task["args"][0])))
