"""The only module that imports django_q: wakes sessions through its queue, hears of new workers."""

import logging
from uuid import UUID

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signals import post_spawn
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

ADVANCE = "workflow.tasks.advance_session"
TEND = "workflow.tasks.tend"
SCHEDULE_NAME = "chapterflow-tend"


def enqueue_advance(session_id: UUID) -> None:
    """Queue one wake-up of the session, with the transaction: the queue is in the same database."""
    async_task(ADVANCE, str(session_id), task_name=f"advance {session_id}", save=False)


def waiting_sessions() -> set[UUID]:
    """Return the sessions whose wake-up waits in the queue and was not taken by any worker yet."""
    rows = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lte=timezone.now())
    tasks = [row.task for row in rows.iterator()]
    return {UUID(task["args"][0]) for task in tasks if task.get("func") == ADVANCE}


def connect_hooks() -> None:
    """Let each new worker process look at once for what a dead one left behind."""
    post_spawn.connect(_recover_from_dead_worker, dispatch_uid="chapterflow-recover")


def _recover_from_dead_worker(sender: object, proc_name: str, **kwargs: object) -> None:
    from . import tasks

    tasks.recover_dead_workers()
