"""The queue's own tables, for those who look at them."""

from django_q.models import Failure, OrmQ, Schedule, Success

__all__ = ["Failure", "OrmQ", "Schedule", "Success"]
