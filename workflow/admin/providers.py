"""Model providers in the admin: who asked the installation to slow down, and until when."""

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat
from django.http import HttpRequest

from chapterflow_site.admin import ReadOnlyAdmin, act_on_each, counted
from workflow import actions
from workflow.contract.states import ItemStatus
from workflow.models import ChapterWorkflowItem, Provider

ASKED_NOW = counted("%(count)d provider is asked again.", "%(count)d providers are asked again.")


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin[Provider]):
    """Providers that asked to slow down, or whose chapters are counted."""

    list_display = ("name", "written_now", "at_once", "cooling_until", "rate_limited_at")
    search_fields = ("name",)
    ordering = ("name",)
    actions = ("end_wait",)
    fields = ("name", "written_now", "at_once", "cooling_until", "rate_limited_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        """Count the chapters that are being written with each."""
        taking = ChapterWorkflowItem.objects.filter(
            status=ItemStatus.IN_PROGRESS,
            providers__contains=Concat(Value("|"), OuterRef("name"), Value("|")),
        )
        counted = taking.order_by().annotate(whole=Value(1)).values("whole").annotate(count=Count("pk"))
        return super().get_queryset(request).annotate(running=Coalesce(Subquery(counted.values("count")), 0))

    @admin.display(description="Being written now", ordering="running")
    def written_now(self, row: Provider) -> int:
        """How many chapters are being written with it, in all books."""
        running: int = row.running  # type: ignore[attr-defined]  # annotated above
        return running

    @admin.display(description="At once, at most", empty_value="no limit")
    def at_once(self, row: Provider) -> int | None:
        """What the installation allows, or less for a while after the provider asked to slow down."""
        return row.most

    @admin.action(permissions=["act"], description="Ask again now")
    def end_wait(self, request: HttpRequest, providers: QuerySet[Provider]) -> None:
        """Do not wait any longer for providers that asked to slow down."""
        act_on_each(self, request, providers, actions.end_wait, ASKED_NOW)
