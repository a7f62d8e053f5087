"""Operations on books themselves."""

from collections.abc import Sequence
from typing import cast

from django.http import HttpRequest
from ninja import Status

from books.actions import create_book, edit_book
from books.actions.book import BookColumns
from books.models import Book, BookVersion
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.requests import page_of
from chapterflow_site.api_base.types import BookId, Cursor, Limit, problems

from . import schemas
from .lookup import book_of
from .router import router


@router.post(
    "/books",
    response={201: schemas.Book},
    operation_id="create_book",
    summary="Make a book",
    openapi_extra=problems(409),
)
def create(request: HttpRequest, book: schemas.NewBook) -> Status[schemas.Book]:
    """Make an empty book. A `book_id` that is taken, by whomever, is refused with 409."""
    columns = book.model_dump(exclude_unset=True, exclude={"book_id"})
    made = create_book(actor=person_asking(request), book_id=book.book_id, **cast(BookColumns, columns))
    return Status(201, _shown([made])[0])


@router.get(
    "/books",
    response=schemas.BookPage,
    operation_id="list_books",
    summary="List your books",
)
def listed(request: HttpRequest, cursor: Cursor = None, limit: Limit = 50) -> schemas.BookPage:
    """List your books, the newest first."""
    books = Book.objects.visible_to(person_asking(request))
    found, following = page_of(books, ("-created_at", "-pk"), request, cursor=cursor, limit=limit)
    return schemas.BookPage(results=_shown(found), next=following)


@router.get(
    "/books/{book_id}",
    response=schemas.Book,
    operation_id="get_book",
    summary="Show a book",
)
def shown(request: HttpRequest, book_id: BookId) -> schemas.Book:
    """Show how a book is described and which versions it has."""
    return _shown([book_of(request, book_id)])[0]


@router.patch(
    "/books/{book_id}",
    response=schemas.Book,
    operation_id="edit_book",
    summary="Describe a book",
)
def edited(request: HttpRequest, book_id: BookId, book: schemas.BookFields) -> schemas.Book:
    """Change what is given; what is left out stays."""
    columns = cast(BookColumns, book.model_dump(exclude_unset=True))
    return _shown([edit_book(book_of(request, book_id), actor=person_asking(request), **columns)])[0]


def _shown(books: Sequence[Book]) -> list[schemas.Book]:
    """Return the books as the API gives them; one query, however many they are."""
    names: dict[int, list[str]] = {book.pk: [] for book in books}
    versions = BookVersion.objects.filter(book__in=names).order_by("number")
    for pk, number in versions.values_list("book_id", "number"):
        names[pk].append(f"v{number}")
    return [
        schemas.Book(
            book_id=book.book_id,
            title=book.title,
            subtitle=book.subtitle,
            author=book.author,
            language=book.language,
            description=book.description,
            preferences=book.preferences,
            writer=book.writer,
            versions=names[book.pk],
            created_at=book.created_at,
            updated_at=book.updated_at,
        )
        for book in books
    ]
