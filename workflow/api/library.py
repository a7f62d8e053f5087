"""Deleting books: an operation on a book's address that has to know of its sessions."""

from django.http import HttpRequest
from ninja import Status

from books.api import router as books_router
from books.api.lookup import book_of
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.types import BookId
from workflow.actions import delete_book


@books_router.delete(
    "/books/{book_id}",
    response={204: None},
    operation_id="delete_book",
    summary="Delete a book",
)
def deleted(request: HttpRequest, book_id: BookId) -> Status[None]:
    """Delete a book with everything that belongs to it. What is being written is cancelled first."""
    delete_book(book_of(request, book_id), actor=person_asking(request))
    return Status(204, None)
