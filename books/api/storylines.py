"""Operations that take whole documents: a storyline, or chunks for later storylines to name."""

from django.http import HttpRequest
from ninja import Status

from books.actions import add_chunks, upload_storyline
from books.uploads import read_chunk_upload, reading_place
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.requests import document_of
from chapterflow_site.api_base.types import BookId, problems

from . import schemas
from .documents import CHUNKS, STORYLINE, taking
from .lookup import book_of
from .router import router
from .shown import version_shown


@router.post(
    "/books/{book_id}/storyline",
    response={201: schemas.Version},
    operation_id="upload_storyline",
    summary="Upload a storyline",
    openapi_extra=taking(STORYLINE) | problems(429),
)
def uploaded(request: HttpRequest, book_id: BookId) -> Status[schemas.Version]:
    """Check a storyline and store it as the book's next version. With a fault in it, nothing is stored.

    JSON as described here, a plain list of its nodes, JSON Lines, or CSV.
    """
    book = book_of(request, book_id)
    with document_of(request) as file:
        version = upload_storyline(file, actor=person_asking(request), book=book)
    return Status(201, version_shown(version))


@router.post(
    "/books/{book_id}/chunks",
    response={201: schemas.StoredChunks},
    operation_id="add_chunks",
    summary="Add text chunks",
    openapi_extra=taking(CHUNKS) | problems(429),
)
def chunks(request: HttpRequest, book_id: BookId) -> Status[schemas.StoredChunks]:
    """Store chunks for nodes of later storylines to name. One that is there already is not stored again."""
    book = book_of(request, book_id)
    person = person_asking(request)
    with document_of(request) as file, reading_place(person):
        found = read_chunk_upload(file)
        add_chunks(book, found, actor=person)
    ids = [chunk.id for chunk in found]
    return Status(201, schemas.StoredChunks(book_id=book.book_id, chunk_count=len(ids), chunk_ids=ids))
