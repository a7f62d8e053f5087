"""The database's clock: the only one that leases and due times are measured by, so that machines need not agree."""

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """Return the database's time, aware, in UTC."""
    if connection.vendor == "sqlite":
        # The file is on this machine, and its clock is this process's.
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(UTC)
