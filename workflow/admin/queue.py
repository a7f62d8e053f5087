"""The queue's tables in the admin: looked at, never edited, since what stands in them is run as code.

Nothing is put into the queue again by hand either: the rows of sessions say what is due, and a wake-up that is lost
comes again by itself.
"""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from chapterflow_site.admin import ReadOnlyAdmin
from workflow.queue.tables import Failure, OrmQ, Schedule, Success

Row = TypeVar("Row", bound=Model)

for model in (Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class FinishedAdmin(ReadOnlyAdmin[Row]):
    """Tasks that have ended; administrators may clear them away."""

    list_display = ("name", "func", "group", "cluster", "started", "stopped", "attempt_count")
    list_filter = ("func", "group", "cluster")
    search_fields = ("name", "func", "group")
    date_hierarchy = "started"
    ordering = ("-started",)
    fields = (
        "id", "name", "func", "group", "cluster", "started", "stopped", "attempt_count", "success", "given", "outcome",
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """It is history of no book, and may go."""
        return bool(request.user.is_active and request.user.is_superuser)

    @admin.display(description="Called with")
    def given(self, row: Row) -> str:
        """What the task was called with."""
        return f"{getattr(row, 'args', '')} {getattr(row, 'kwargs', '')}"

    @admin.display(description="Result")
    def outcome(self, row: Row) -> str:
        """What the task returned, or how it broke."""
        return str(getattr(row, "result", "") or "")


@admin.register(Success)
class SuccessAdmin(FinishedAdmin[Success]):
    """Tasks that ended well."""


@admin.register(Failure)
class FailureAdmin(FinishedAdmin[Failure]):
    """Tasks that broke."""


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin[Schedule]):
    """What is run each minute."""

    list_display = ("name", "func", "schedule_type", "minutes", "repeats", "next_run")
    list_filter = ("schedule_type",)
    search_fields = ("name", "func")
    ordering = ("name",)
    fields = (
        "name", "func", "args", "kwargs", "schedule_type", "minutes", "cron", "repeats", "next_run", "cluster",
    )  # fmt: skip


@admin.register(OrmQ)
class OrmQAdmin(ReadOnlyAdmin[OrmQ]):
    """Wake-ups that wait in the database."""

    list_display = ("id", "key", "name", "func", "lock")
    list_filter = ("key",)
    ordering = ("-pk",)
    fields = ("key", "lock", "name", "func", "task_id")
