"""Queues health probes: tasks that do nothing, for one cluster, whose end shows that the cluster takes tasks."""

import logging

from django.db import Error as AnyDatabaseError
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.tasks import async_task

from .task_names import HEALTH_PROBE, probe_key

logger = logging.getLogger(__name__)


def send(cluster: str, number: int) -> bool:
    """Queue probe `number` for the cluster, instead of an earlier one. Returns False where Redis is away.

    Raises a database error where the queue is in a database that is away.
    """
    try:
        broker = get_broker(probe_key(Conf.CLUSTER_NAME, cluster))
        broker.purge_queue()
        async_task(HEALTH_PROBE, number, task_name="probe", broker=broker, save=False)
    except AnyDatabaseError:
        raise
    except Exception as error:
        logger.warning("no probe could be sent: %s", error)
        return False
    return True


def probe() -> bool:
    """Return whether the queue can be written to now; waits as long as a cluster would.

    Raises a database error where the queue is in a database that is away.
    """
    try:
        get_broker().probe()
    except AnyDatabaseError:
        raise
    except Exception:
        return False
    return True


def forget(cluster: str) -> None:
    """Delete the cluster's probe from the queue."""
    get_broker(probe_key(Conf.CLUSTER_NAME, cluster)).purge_queue()


def sweep() -> None:
    """Delete the probes of clusters that ended long ago."""
    get_broker().sweep_probes()
