"""Events, attempts and stated facts in the admin: the history, which nobody changes."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from books.models import Book
from chapterflow_site.admin import Page, ReadOnlyAdmin, json_field, text_field
from workflow.models import Attempt, Event, FactEntry

from .content import pages_of_session

IN_SESSION = ("session__version__book__book_id", "session__version__book__title", "item__chapter__chapter_id")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin[Event]):
    """What happened to sessions."""

    list_display = ("at", "kind", "session", "seq", "item", "from_status", "to_status", "attempt", "actor")
    list_filter = ("kind",)
    list_select_related = ("session__version__book", "item", "actor")
    search_fields = (*IN_SESSION, "session__id", "actor__username")
    date_hierarchy = "at"
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "session", "seq", "kind", "item", "from_status", "to_status", "attempt", "at", "actor", "details",
    )  # fmt: skip
    details = json_field("detail")

    def book_of(self, row: Event) -> Book:
        """Return the session's book."""
        return row.session.version.book

    def pages_of(self, row: Event) -> Sequence[Page]:
        """Return the pages of the session."""
        return pages_of_session(row.session.version)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin[Attempt]):
    """Tries at chapters, at harmonizing and at questions."""

    list_display = (
        "session", "phase", "item", "number", "outcome", "error_code", "agent", "started_at", "finished_at",
    )  # fmt: skip
    list_filter = ("outcome", "phase", "error_code", "agent")
    list_select_related = ("session__version__book", "item")
    search_fields = (*IN_SESSION, "session__id", "error_message", "owner")
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "session", "phase", "item", "number", "outcome", "error_code", "error_message", "agent", "owner", "token",
        "started_at", "finished_at", "given", "used", "text",
    )  # fmt: skip
    given = json_field("context", "Context")
    used = json_field("usage")
    text = text_field("partial_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Leave texts and contexts in the database until one is shown."""
        return super().get_queryset(request).defer("partial_text", "context", "usage")

    def book_of(self, row: Attempt) -> Book:
        """Return the session's book."""
        return row.session.version.book

    def pages_of(self, row: Attempt) -> Sequence[Page]:
        """Return the pages of the session."""
        return pages_of_session(row.session.version)


@admin.register(FactEntry)
class FactEntryAdmin(ReadOnlyAdmin[FactEntry]):
    """Exact facts that chapters state, as later chapters find them."""

    list_display = ("name", "kind", "sentence", "item", "session")
    list_filter = ("kind",)
    list_select_related = ("session__version__book", "item")
    search_fields = (*IN_SESSION, "name", "sentence")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = ("session", "item", "number", "position", "key", "name", "kind", "sentence", "chunk_ids")

    def book_of(self, row: FactEntry) -> Book:
        """Return the session's book."""
        return row.session.version.book

    def pages_of(self, row: FactEntry) -> Sequence[Page]:
        """Return the pages of the session."""
        return pages_of_session(row.session.version)
