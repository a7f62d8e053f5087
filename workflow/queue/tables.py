"""Names django-q2's models for the admin, which may not import django_q itself."""

from django_q.models import Failure, OrmQ, Schedule, Success

__all__ = ["Failure", "OrmQ", "Schedule", "Success"]
