"""Records what django-q2's workers do: which began, which are busy, which probe came through."""

from collections.abc import Callable
from functools import partial

from django_q.signals import post_execute, post_execute_in_worker, post_spawn, pre_execute

from workflow.processes import worker_registry

from . import dispatch_gate
from .task_names import HEALTH_PROBE, Task


class _Here:
    """This process's registration; None in all processes but workers."""

    registration: worker_registry.Registration | None = None


def connect_hooks(worker_started: Callable[[], None]) -> None:
    """Connect to django-q2's signals. `worker_started` is called in each new worker, before it takes a task."""
    post_spawn.connect(partial(_join, worker_started), weak=False, dispatch_uid="chapterflow-join")
    pre_execute.connect(_begin, dispatch_uid="chapterflow-begin")
    post_execute_in_worker.connect(_rest, dispatch_uid="chapterflow-rest")
    post_execute.connect(_note_probe, dispatch_uid="chapterflow-probe")


def leave() -> None:
    """Take this worker off the record: it takes no more tasks, though it still writes."""
    if _Here.registration is not None:
        _Here.registration.leave()
        dispatch_gate.wake_idle(worker_registry.current_cluster())


def _join(worker_started: Callable[[], None], sender: object, **kwargs: object) -> None:
    # First of all: a worker that replaces a dead one gives back what that one held before it is offered a task.
    worker_started()
    _Here.registration = worker_registry.Registration()
    dispatch_gate.wake_idle(worker_registry.current_cluster())


def _begin(sender: object, **kwargs: object) -> None:
    if _Here.registration is not None:
        _Here.registration.begin()


def _rest(sender: object, **kwargs: object) -> None:
    if _Here.registration is not None:
        _Here.registration.rest()
        dispatch_gate.wake_idle(worker_registry.current_cluster())


def _note_probe(sender: object, task: Task, **kwargs: object) -> None:
    """Record the answer of a probe, in the monitor, where a task's way through the cluster ends."""
    if task.get("func") == HEALTH_PROBE:
        worker_registry.note_answer(worker_registry.current_cluster(), int(str(task["args"][0])))
