"""Queues wake-ups of sessions in django-q2 and hears of its workers; the only package that imports django_q.

The queue is in the database, where a wake-up is part of the transaction, or in Redis, where it follows the commit.
"""

import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

from chapterflow_site.core import crash_points

from .task_names import ADVANCE, SCHEDULE_NAME, TEND, Task
from .worker_signals import connect_hooks, leave

__all__ = ["SCHEDULE_NAME", "TEND", "connect_hooks", "enqueue_advance", "leave", "waiting_sessions"]

logger = logging.getLogger(__name__)


def enqueue_advance(session_id: UUID, when_lost: Callable[[], object]) -> None:
    """Queue one wake-up of the session: with the open transaction, or after its commit where the queue is in Redis.

    `when_lost` is called where Redis did not take it. Raises a database error where the queue is in the database.
    """
    broker = get_broker()
    push = partial(
        async_task, ADVANCE, str(session_id), task_name=f"advance {session_id}", save=False, broker=broker
    )
    if broker.is_in_database:
        # A row of the same transaction: no wake-up without its change, and no change without its wake-up.
        push()
    else:
        # Before the commit a worker could see the wake-up and not yet the change, and go away again. `robust`: the
        # session is stored, and what else waits for the commit must run whatever Redis does.
        transaction.on_commit(partial(_push_or_tell, session_id, push, when_lost), robust=True)


def _push_or_tell(session_id: UUID, push: Callable[[], object], when_lost: Callable[[], object]) -> None:
    try:
        with crash_points.around("enqueue"):
            push()
    except Exception as error:
        logger.warning("session %s could not be woken: %s; it is tried again", session_id, error)
        when_lost()


def waiting_sessions() -> set[UUID]:
    """Return the sessions whose wake-up is still in the queue, taken by no worker."""
    tasks: list[Task] = get_broker().waiting_tasks()
    return {UUID(str(task["args"][0])) for task in tasks if task.get("func") == ADVANCE}
