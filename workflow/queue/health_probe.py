"""Tasks that do nothing, for one cluster only: that one comes through shows that the cluster takes tasks."""

import logging

from django.db import Error as AnyDatabaseError
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.tasks import async_task

from .names import HEALTH_PROBE, probe_key

logger = logging.getLogger(__name__)


def send(cluster: str, number: int) -> bool:
    """Queue a probe for the cluster in place of an earlier one. Returns False where the queue is away."""
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
    """Return whether the queue can be written to now; waits as long as a cluster would."""
    try:
        get_broker().probe()
    except AnyDatabaseError:
        raise
    except Exception:
        return False
    return True


def forget(cluster: str) -> None:
    """Take the cluster's probe out of the queue."""
    get_broker(probe_key(Conf.CLUSTER_NAME, cluster)).purge_queue()


def sweep() -> None:
    """Remove probes of clusters that are long gone."""
    get_broker().sweep_probes()
