"""The only module that imports django_q: wakes sessions through its queue, hears of new workers."""

import logging
from uuid import UUID

from django_q.signals import post_spawn
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

ADVANCE = "workflow.tasks.advance_session"
TEND = "workflow.tasks.tend"
SCHEDULE_NAME = "chapterflow-tend"


def enqueue_advance(session_id: UUID) -> None:
    """Queue one wake-up of the session, with the transaction: the queue is in the same database."""
    async_task(ADVANCE, str(session_id), task_name=f"advance {session_id}", save=False)


def connect_hooks() -> None:
    """Let each new worker process look at once for what a dead one left behind."""
    post_spawn.connect(_recover_from_dead_worker, dispatch_uid="chapterflow-recover")


def _recover_from_dead_worker(sender: object, proc_name: str, **kwargs: object) -> None:
    from . import tasks

    tasks.recover_dead_workers()
