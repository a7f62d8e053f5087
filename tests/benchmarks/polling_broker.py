"""django-q2's own database broker, as the engine used it before: it takes what it can and sleeps in between."""

from django_q.brokers.orm import ORM

from workflow.queue.database_broker import DatabaseBroker


class PollingBroker(DatabaseBroker):
    """The project's broker without its wake-ups and its gate."""

    enqueue = ORM.enqueue
    dequeue = ORM.dequeue
