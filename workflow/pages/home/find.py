"""Finds chapters and books by a word of their titles, or a chapter of one book by its number; reads only."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from books.models import Book, BookVersion, StorylineNode
from books.outline.groups import GROUP, group_of
from books.sources import withheld_of

MOST = 20
MOST_WORDS = 10
LONGEST_QUERY = 200
_LONGEST_NUMBER = 6


@dataclass(frozen=True)
class Found:
    """A chapter (with its number) or a book (`number` None), and where it is."""

    title: str
    book: str
    language: str
    url: str
    number: int | None = None


def find(user: User | AnonymousUser, query: str, book_id: str = "") -> list[Found]:
    """Return what matches every word of `query` of what the person may see, the book `book_id` first.

    Of each book its newest version counts. Three queries at most.
    """
    words = query[:LONGEST_QUERY].split()[:MOST_WORDS]
    if not words:
        return []
    books = Book.objects.visible_to(user)
    here = books.filter(book_id=book_id)
    chapters = [*_chapters(here, words), *_chapters(books.exclude(book_id=book_id), words)]
    return [*chapters[:MOST], *_books(books, words)]


def _chapters(books: QuerySet[Book], words: list[str]) -> Iterator[Found]:
    newer = BookVersion.objects.filter(book=OuterRef("version__book"), number__gt=OuterRef("version__number"))
    nodes = StorylineNode.objects.filter(~Exists(newer), version__book__in=books)
    if len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) <= _LONGEST_NUMBER:
        nodes = nodes.filter(place=int(words[0]))
    else:
        for word in words:
            # The writer may have given a chapter another title than the storyline.
            nodes = nodes.filter(Q(title__icontains=word) | Q(chapter__title__icontains=word))
    for node in nodes.select_related("version__book", "chapter").order_by("-version__pk", "place")[:MOST]:
        yield _found(node)


def _found(node: StorylineNode) -> Found:
    version, place = node.version, node.place
    book = version.book
    title = node.title
    if version.is_started:
        title = node.chapter.title
        url = reverse("chapter", args=[book.book_id, version.number, place])
    else:
        group = f"?group={group_of(place)}" if version.node_count > GROUP else ""
        url = f"{reverse('outline', args=[book.book_id, version.number])}{group}#chapter-{place}"
    return Found(withheld_of(version).mask(title), book.title, book.language, url, place)


def _books(books: QuerySet[Book], words: list[str]) -> Iterator[Found]:
    for word in words:
        books = books.filter(title__icontains=word)
    for book in books.order_by("-updated_at")[:5]:
        yield Found(book.title, "", book.language, reverse("book", args=[book.book_id]))
