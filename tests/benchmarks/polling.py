"""The settings with django-q2's own database broker, which looks into the queue each 0.05 s: to compare with."""

from chapterflow_site.settings import *  # noqa: F403
from chapterflow_site.settings import Q_CLUSTER

Q_CLUSTER = {**Q_CLUSTER, "broker_class": "tests.benchmarks.polling_broker.PollingBroker", "poll": 0.05}
SILENCED_SYSTEM_CHECKS = ["chapterflow.E020"]
# It knows no probe.
CHAPTERFLOW_WEDGED_SECONDS = 1_000_000
