"""Chapters, their texts and citations in the admin: looked at, never edited."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from books.models import Book, Chapter, ChapterRevision, Citation
from chapterflow_site.admin import (
    NOTHING,
    Page,
    ReadOnlyAdmin,
    ReadOnlyInline,
    YesNoFilter,
    json_field,
    text_field,
)


class RevisionInline(ReadOnlyInline[ChapterRevision, Chapter]):
    """The texts of a chapter, the newest first."""

    model = ChapterRevision
    fields = ("number", "origin", "agent", "word_count", "quality_score", "created_by", "created_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChapterRevision]:
        """Leave the texts themselves in the database."""
        rows = super().get_queryset(request).select_related("created_by")
        return rows.only(*self.fields, "chapter")


@admin.register(Chapter)
class ChapterAdmin(ReadOnlyAdmin[Chapter]):
    """Chapters, made when a version is started."""

    list_display = ("chapter_id", "number", "title", "version", "is_written", "outdated", "created_at")
    list_filter = (
        ("current_revision", YesNoFilter),
        ("outdated_reason", YesNoFilter),
    )
    list_select_related = ("version__book",)
    search_fields = ("chapter_id", "title", "version__book__title")
    date_hierarchy = "created_at"
    ordering = ("-version", "number")
    inlines = (RevisionInline,)
    fields: ClassVar[tuple[str, ...]] = (
        "chapter_id", "version", "number", "title", "node", "current_revision", "outdated_reason", "created_at",
    )  # fmt: skip

    def book_of(self, row: Chapter) -> Book:
        """Return the chapter's book."""
        return row.version.book

    def pages_of(self, row: Chapter) -> Sequence[Page]:
        """Return the chapter's own page and its place in the book."""
        place = [row.version.book.book_id, row.version.number, row.number]
        return [
            ("Chapter on the site", reverse("chapter", args=place)),
            ("Read", reverse("read_chapter", args=place)),
        ]

    @admin.display(description="Written", boolean=True)
    def is_written(self, row: Chapter) -> bool:
        """Whether the chapter has a text."""
        return row.current_revision_id is not None

    @admin.display(description="Outdated", ordering="outdated_reason")
    def outdated(self, row: Chapter) -> str:
        """Why something that it rests on is no longer as it was."""
        return row.outdated_reason or NOTHING


class CitationInline(ReadOnlyInline[Citation, ChapterRevision]):
    """The places of a text that rest on a chunk."""

    model = Citation
    fields = ("position", "paragraph", "quote", "chunk")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Citation]:
        """Read the chunks with their citations."""
        return super().get_queryset(request).select_related("chunk").defer("chunk__text")


@admin.register(ChapterRevision)
class ChapterRevisionAdmin(ReadOnlyAdmin[ChapterRevision]):
    """The immutable texts of chapters."""

    list_display = ("chapter", "number", "origin", "agent", "word_count", "quality_score", "created_at")
    list_filter = ("origin", "agent")
    list_select_related = ("chapter",)
    search_fields = ("chapter__chapter_id", "chapter__title", "title", "=session_id")
    date_hierarchy = "created_at"
    ordering = ("-pk",)
    show_full_result_count = False
    inlines = (CitationInline,)
    fields = (
        "chapter", "number", "title", "origin", "agent", "created_by", "created_at", "session_id",
        "attempt_number", "word_count", "confidence", "quality_score", "measured", "used", "all_themes",
        "all_participants", "all_tags", "sources", "full_text",
    )  # fmt: skip
    measured = json_field("quality_metrics")
    used = json_field("usage")
    all_themes = json_field("themes")
    all_participants = json_field("participants")
    all_tags = json_field("tags")
    sources = json_field("source_chunk_ids")
    full_text = text_field("markdown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChapterRevision]:
        """Leave the texts in the database until one is shown."""
        return super().get_queryset(request).defer("markdown")


@admin.register(Citation)
class CitationAdmin(ReadOnlyAdmin[Citation]):
    """The citations of all texts."""

    list_display = ("quote_start", "revision", "chunk", "position", "paragraph")
    list_select_related = ("revision", "chunk")
    search_fields = ("quote", "chunk__key", "revision__chapter__chapter_id")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = ("revision", "position", "paragraph", "chunk", "quote")

    @admin.display(description="Quote")
    def quote_start(self, row: Citation) -> str:
        """The quote's first words."""
        return str(row) or "No words quoted"
