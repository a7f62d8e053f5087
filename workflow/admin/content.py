"""Adds to the content's admin what the process knows: sessions, items, boards, and the deleting of whole books."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from books import admin as content
from books.models import Book, BookVersion, Chapter, ChapterRevision, TextChunk
from chapterflow_site.admin import Page, actor_of, link_to
from workflow.actions import delete_book
from workflow.models import ChapterWorkflowItem, Event, ProcessingSession

for model in (Book, BookVersion, Chapter):
    admin.site.unregister(model)


@admin.register(Book)
class BookAdmin(content.BookAdmin):
    """Books, which are deleted with everything that belongs to them."""

    def get_deleted_objects(
        self, objs: Sequence[Book] | QuerySet[Book], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Count what goes with the books; a thousand chapters are not listed one by one."""
        books = [book.pk for book in objs]
        counts = {
            "books": len(books),
            "versions": BookVersion.objects.filter(book__in=books).count(),
            "sessions": ProcessingSession.objects.filter(version__book__in=books).count(),
            "text chunks": TextChunk.objects.filter(book__in=books).count(),
            "chapters": Chapter.objects.filter(version__book__in=books).count(),
            "texts of chapters": ChapterRevision.objects.filter(chapter__version__book__in=books).count(),
            "events": Event.objects.filter(session__version__book__in=books).count(),
        }
        lacking = set() if self.has_delete_permission(request) else {"book"}
        return [f"{book} ({book.book_id})" for book in objs], counts, lacking, []

    def delete_model(self, request: HttpRequest, obj: Book) -> None:
        """Delete the book as its page does: a running session is cancelled first."""
        delete_book(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> None:
        """Delete each book as its page does."""
        for book in queryset:
            delete_book(book, actor=actor_of(request))


@admin.register(BookVersion)
class BookVersionAdmin(content.BookVersionAdmin):
    """Versions with their session and board."""

    fields = (*content.BookVersionAdmin.fields, "session_link")

    def pages_of(self, row: BookVersion) -> Sequence[Page]:
        """Return the outline and, once there is a session, what it leads to."""
        pages = list(super().pages_of(row))
        if ProcessingSession.objects.filter(version=row).exists():
            pages += pages_of_session(row)
        return pages

    @admin.display(description="Processing session")
    def session_link(self, row: BookVersion) -> SafeString:
        """A link to the version's session."""
        return link_to(ProcessingSession.objects.filter(version=row).first(), "Session")


@admin.register(Chapter)
class ChapterAdmin(content.ChapterAdmin):
    """Chapters with their workflow item and board."""

    fields = (*content.ChapterAdmin.fields, "item_link")

    def pages_of(self, row: Chapter) -> Sequence[Page]:
        """Return the chapter's pages and the board."""
        return pages_of_chapter(row)

    @admin.display(description="Workflow item")
    def item_link(self, row: Chapter) -> SafeString:
        """A link to the chapter's item."""
        return link_to(ChapterWorkflowItem.objects.filter(chapter=row).first())


def pages_of_session(version: BookVersion) -> list[Page]:
    """Return the pages of a started version on the site: board, reading, review, questions."""
    place = [version.book.book_id, version.number]
    return [
        ("Progress board", reverse("board", args=place)),
        ("Read", reverse("read", args=place)),
        ("Review", reverse("review", args=place)),
        ("Questions", reverse("questions", args=place)),
    ]


def pages_of_chapter(chapter: Chapter) -> list[Page]:
    """Return the pages of a chapter on the site, and the board."""
    version = chapter.version
    place = [version.book.book_id, version.number, chapter.number]
    return [
        ("Chapter on the site", reverse("chapter", args=place)),
        ("Read", reverse("read_chapter", args=place)),
        pages_of_session(version)[0],
    ]
