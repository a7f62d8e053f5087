"""Books and their versions in the admin: saving calls the same actions as the pages."""

from collections.abc import Sequence
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from books.actions import create_book, edit_book, edit_outline, hand_over_book
from books.models import Book, BookVersion, Chapter, StorylineLink, StorylineNode, TextChunk
from chapterflow_site.admin import (
    MOST_LINKS,
    Page,
    ReadOnlyInline,
    SiteAdmin,
    YesNoFilter,
    actor_of,
    json_field,
    link_to_rows,
    list_of_links,
)

EDITABLE = ("title", "subtitle", "author", "language", "description", "preferences", "writer")


class VersionInline(ReadOnlyInline[BookVersion, Book]):
    """The versions of a book."""

    model = BookVersion
    fields = ("name", "dependencies", "source_name", "node_count", "word_count", "created_at", "started_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BookVersion]:
        """Read the book with each version, whose name has the book's title in it."""
        return super().get_queryset(request).select_related("book")


@admin.register(Book)
class BookAdmin(SiteAdmin[Book]):
    """Books. Saving calls what the pages call."""

    list_display = ("title", "book_id", "owner", "language", "version_count", "created_at", "updated_at")
    list_filter = ("language",)
    list_select_related = ("owner",)
    search_fields = ("title", "subtitle", "author", "book_id", "owner__username")
    date_hierarchy = "created_at"
    ordering = ("-updated_at",)
    autocomplete_fields = ("owner",)
    inlines = (VersionInline,)
    fields: ClassVar[tuple[str, ...]] = ("book_id", "owner", *EDITABLE, "chunks", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        """Count the versions with the books."""
        return super().get_queryset(request).annotate(version_count=Count("versions"))

    def get_readonly_fields(self, request: HttpRequest, obj: Book | None = None) -> tuple[str, ...]:
        """A book keeps its id: the ids of its chapters are made from it."""
        return ("chunks", "created_at", "updated_at", *(["book_id"] if obj else []))

    def book_of(self, row: Book) -> Book:
        """Return the book itself."""
        return row

    def pages_of(self, row: Book) -> Sequence[Page]:
        """Return the book's page."""
        return [("Book on the site", reverse("book", args=[row.book_id]))]

    def save_model(self, request: HttpRequest, obj: Book, form: forms.ModelForm[Book], change: bool) -> None:
        """Make the book, or change the columns that were edited and no others."""
        edited = {name: form.cleaned_data[name] for name in EDITABLE if name in form.changed_data}
        if not change:
            made = create_book(actor=obj.owner, book_id=obj.book_id, **edited)
            obj.pk = made.pk
            return
        edit_book(obj, actor=actor_of(request), **edited)
        if "owner" in form.changed_data:
            hand_over_book(obj, to=obj.owner, actor=actor_of(request))

    @admin.display(description="Versions", ordering="version_count")
    def version_count(self, row: Book) -> int:
        """How many versions the book has."""
        return int(getattr(row, "version_count", 0))

    @admin.display(description="Text chunks")
    def chunks(self, row: Book) -> SafeString:
        """A link to the book's chunks."""
        return link_to_rows(TextChunk, row.chunks.count(), book__id__exact=row.pk)


@admin.register(BookVersion)
class BookVersionAdmin(SiteAdmin[BookVersion]):
    """Versions. Until one is started, its dependencies and preferences can be changed, as on its outline page."""

    list_display = (
        "__str__", "book", "number", "dependencies", "node_count", "chunk_count", "word_count",
        "created_at", "started_at",
    )  # fmt: skip
    list_filter = ("dependencies", ("started_at", YesNoFilter))
    list_select_related = ("book",)
    search_fields = ("book__title", "book__book_id", "source_name", "storyline_digest")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields: ClassVar[tuple[str, ...]] = (
        "book", "number", "dependencies", "preferences", "fixed", "nodes", "links", "chapters", "chunk_count",
        "word_count", "source_name", "storyline_digest", "unknown_keys", "created_at", "started_at",
    )  # fmt: skip
    unknown_keys = json_field("extra", "Unknown keys of the upload")
    fixed = json_field("fixed_preferences", "Preferences at the start")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A version comes from an uploaded storyline."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BookVersion | None = None) -> bool:
        """A version goes with its book."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: BookVersion | None = None) -> bool:
        """Once the writing has started, the outline is fixed."""
        return super().has_change_permission(request, obj) and not (obj and obj.is_started)

    def get_readonly_fields(self, request: HttpRequest, obj: BookVersion | None = None) -> list[str]:
        """Everything but the choices of the outline page."""
        return [name for name in self.fields if name not in {"dependencies", "preferences"}]

    def book_of(self, row: BookVersion) -> Book:
        """Return the version's book."""
        return row.book

    def pages_of(self, row: BookVersion) -> Sequence[Page]:
        """Return the version's outline."""
        return [("Outline", reverse("outline", args=[row.book.book_id, row.number]))]

    def save_model(
        self, request: HttpRequest, obj: BookVersion, form: forms.ModelForm[BookVersion], change: bool
    ) -> None:
        """Change the outline as its own page does."""
        edited = {name: form.cleaned_data[name] for name in form.changed_data}
        edit_outline(obj, actor=actor_of(request), **edited)

    @admin.display(description="Storyline nodes")
    def nodes(self, row: BookVersion) -> SafeString:
        """A link to the version's nodes."""
        return link_to_rows(StorylineNode, row.node_count, version__id__exact=row.pk)

    @admin.display(description="Storyline links")
    def links(self, row: BookVersion) -> SafeString:
        """A link to the version's links."""
        return link_to_rows(StorylineLink, row.links.count(), version__id__exact=row.pk)

    @admin.display(description="Chapters")
    def chapters(self, row: BookVersion) -> SafeString:
        """The version's chapters, as far as a page takes them."""
        rows = row.chapters.order_by("number")
        total = rows.count()
        everything = link_to_rows(Chapter, total, version__id__exact=row.pk)
        return list_of_links([(chapter, "") for chapter in rows[:MOST_LINKS]], total, everything)
