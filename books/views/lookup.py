"""What an address of the reading pages names, as far as the person may see it; everything else is a 404."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from books.models import BookVersion, Chapter
from books.sources import readable_chapter


def version_or_404(request: HttpRequest, book_id: str, number: int) -> BookVersion:
    """Return the version with its book."""
    versions = BookVersion.objects.visible_to(request.user).select_related("book")
    return get_object_or_404(versions, book__book_id=book_id, number=number)


def chapter_or_404(version: BookVersion, number: int) -> Chapter:
    """Return a chapter of a version that was looked up before, with its text as it may be read and its item."""
    chapters = Chapter.objects.filter(version=version).select_related("current_revision", "node", "item")
    chapter = get_object_or_404(chapters, number=number)
    chapter.version = version
    return readable_chapter(chapter)


def neighbours(chapter: Chapter) -> dict[str, Chapter | None]:
    """Return the chapters before and after, for a page's context."""
    others = Chapter.objects.filter(version=chapter.version_id).only("number", "title")
    return {
        "before": others.filter(number__lt=chapter.number).order_by("-number").first(),
        "next": others.filter(number__gt=chapter.number).order_by("number").first(),
    }
