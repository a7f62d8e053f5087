"""Workflow items and their dependencies in the admin, with the action of the board's Retry button."""

from collections.abc import Sequence
from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from books.models import Book
from chapterflow_site.admin import (
    MOST_LINKS,
    Page,
    ReadOnlyAdmin,
    ReadOnlyInline,
    act_on_each,
    actor_of,
    counted,
    link_to_rows,
    list_of_links,
)
from workflow.actions import regenerate_chapter, retry_chapter, withdraw_regeneration
from workflow.models import Attempt, ChapterWorkflowItem, Event, ItemDependency

from .content import pages_of_chapter

ASKED_AGAIN = counted(
    "%(count)d chapter is to be written again.", "%(count)d chapters are to be written again."
)
KEPT = counted("%(count)d chapter keeps its text.", "%(count)d chapters keep their texts.")
RETRIED = counted("%(count)d chapter is tried again.", "%(count)d chapters are tried again.")


class AttemptInline(ReadOnlyInline[Attempt, ChapterWorkflowItem]):
    """The attempts at a chapter."""

    model = Attempt
    fields = ("number", "outcome", "error_code", "agent", "owner", "started_at", "finished_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Leave texts and contexts in the database."""
        return super().get_queryset(request).defer("partial_text", "context", "usage")


@admin.register(ChapterWorkflowItem)
class ChapterWorkflowItemAdmin(ReadOnlyAdmin[ChapterWorkflowItem]):
    """The states of chapters in their sessions."""

    list_display = (
        "chapter_id_of", "number", "chapter_title", "status", "retry_count", "attempt_count", "error_code",
        "next_attempt_at", "word_count", "quality_score",
    )  # fmt: skip
    list_filter = ("status", "error_code")
    list_select_related = ("chapter",)
    search_fields = ("chapter__chapter_id", "chapter__title", "error_message")
    date_hierarchy = "finished_at"
    ordering = ("-session__created_at", "number")
    show_full_result_count = False
    actions = ("retry", "regenerate", "keep")
    inlines = (AttemptInline,)
    fieldsets = (
        (None, {"fields": ("session", "chapter", "number", "status", "status_before", "note", "error_code",
                           "error_message", "word_count", "quality_score")}),
        ("Dependencies", {"fields": ("unmet_count", "needs", "needed_by")}),
        ("Tries", {"fields": ("attempt_count", "retry_count", "lost_count", "next_attempt_at",
                              "rate_limited_at", "providers", "started_at", "finished_at", "events")}),
        ("Claim", {"fields": ("owner", "token", "lease_expires_at", "row_version")}),
    )  # fmt: skip

    def book_of(self, row: ChapterWorkflowItem) -> Book:
        """Return the item's book."""
        return row.chapter.version.book

    def pages_of(self, row: ChapterWorkflowItem) -> Sequence[Page]:
        """Return the chapter's pages and the board."""
        return pages_of_chapter(row.chapter)

    @admin.display(description="Chapter id", ordering="chapter__chapter_id")
    def chapter_id_of(self, row: ChapterWorkflowItem) -> str:
        """The chapter's public id."""
        return row.chapter.chapter_id

    @admin.display(description="Title", ordering="chapter__title")
    def chapter_title(self, row: ChapterWorkflowItem) -> str:
        """The chapter's title."""
        return row.chapter.title

    @admin.display(description="Is written after")
    def needs(self, row: ChapterWorkflowItem) -> SafeString:
        """The items that this one depends on."""
        return _neighbours(row.depends_on.all(), item__id__exact=row.pk)

    @admin.display(description="Is needed by")
    def needed_by(self, row: ChapterWorkflowItem) -> SafeString:
        """The items that depend on this one."""
        return _neighbours(row.dependents.all(), needs__id__exact=row.pk)

    @admin.display(description="History")
    def events(self, row: ChapterWorkflowItem) -> SafeString:
        """A link to the item's events."""
        return link_to_rows(Event, row.events.count(), item__id__exact=row.pk)

    @admin.action(permissions=["act"], description="Retry")
    def retry(self, request: HttpRequest, items: QuerySet[ChapterWorkflowItem]) -> None:
        """Try failed chapters again."""
        act_on_each(self, request, items, partial(retry_chapter, actor=actor_of(request)), RETRIED)

    @admin.action(permissions=["act"], description="Write again")
    def regenerate(self, request: HttpRequest, items: QuerySet[ChapterWorkflowItem]) -> None:
        """Have written chapters written again, without a note."""
        again = partial(regenerate_chapter, actor=actor_of(request))
        act_on_each(self, request, items, again, ASKED_AGAIN)

    @admin.action(permissions=["act"], description="Keep the earlier text")
    def keep(self, request: HttpRequest, items: QuerySet[ChapterWorkflowItem]) -> None:
        """Take back that chapters shall be written again."""
        act_on_each(self, request, items, partial(withdraw_regeneration, actor=actor_of(request)), KEPT)


def _neighbours(items: QuerySet[ChapterWorkflowItem], **filters: object) -> SafeString:
    rows = items.select_related("chapter").order_by("number")
    total = rows.count()
    labels = [(item, f"{item.chapter}: {item.get_status_display()}") for item in rows[:MOST_LINKS]]
    return list_of_links(labels, total, link_to_rows(ItemDependency, total, **filters))


@admin.register(ItemDependency)
class ItemDependencyAdmin(ReadOnlyAdmin[ItemDependency]):
    """Which item is written after which."""

    list_display = ("item", "needs")
    list_select_related = ("item", "needs")
    search_fields = ("item__chapter__chapter_id", "needs__chapter__chapter_id")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = ("item", "needs")
