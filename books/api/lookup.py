"""Finding what an address names, among what the person may see; anything else is NotFound."""

import re

from django.http import HttpRequest

from books.models import Book, BookVersion, Chapter
from books.sources import readable_chapter
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.core.exceptions import NotFound

_VERSION_NAME = re.compile(r"v([1-9][0-9]{0,8})\Z", re.ASCII)


def book_of(request: HttpRequest, book_id: str) -> Book:
    """Return the book."""
    book = Book.objects.visible_to(person_asking(request)).filter(book_id=book_id).first()
    if book is None:
        raise NotFound("not_found", "There is no such book.")
    return book


def version_of(request: HttpRequest, book_id: str, version: str) -> BookVersion:
    """Return the version of the book, with its book."""
    name = _VERSION_NAME.match(version)
    versions = BookVersion.objects.visible_to(person_asking(request)).select_related("book")
    found = versions.filter(book__book_id=book_id, number=int(name[1])).first() if name else None
    if found is None:
        raise NotFound("not_found", "There is no such version.")
    return found


def chapter_of(request: HttpRequest, chapter_id: str) -> Chapter:
    """Return the chapter, with all that its document shows, as it may be read."""
    chapters = Chapter.objects.visible_to(person_asking(request))
    related = ("version__book", "node", "current_revision", "item")
    found = chapters.select_related(*related).filter(chapter_id=chapter_id).first()
    if found is None:
        raise NotFound("not_found", "There is no such chapter.")
    return readable_chapter(found)
