"""Tasks that do nothing, for one cluster only: that one comes through shows that the cluster takes tasks."""

import logging

from django.db import Error as AnyDatabaseError
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.tasks import async_task

from .names import CANARY, canary_key

logger = logging.getLogger(__name__)


def send(cluster: str, number: int) -> bool:
    """Queue a canary for the cluster in place of an earlier one. Returns False where the queue is away."""
    try:
        broker = get_broker(canary_key(Conf.CLUSTER_NAME, cluster))
        broker.purge_queue()
        async_task(CANARY, number, task_name="canary", broker=broker, save=False)
    except AnyDatabaseError:
        raise
    except Exception as error:
        logger.warning("no canary could be sent: %s", error)
        return False
    return True


def probe() -> bool:
    """Return whether the queue can be written to now; waits as long as a cluster would."""
    try:
        get_broker().probe()
    except AnyDatabaseError:
        raise
    except Exception:
        return False
    return True


def forget(cluster: str) -> None:
    """Take the cluster's canary out of the queue."""
    get_broker(canary_key(Conf.CLUSTER_NAME, cluster)).purge_queue()


def sweep() -> None:
    """Remove canaries of clusters that are long gone."""
    get_broker().sweep_canaries()
