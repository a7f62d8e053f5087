"""Operations on versions: their outlines and their exports."""

from typing import Annotated

from django.http import FileResponse, HttpRequest
from ninja import Path, Query

from books.actions import edit_outline
from books.export import FORMATS, download, export_book
from books.models import BookVersion
from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.requests import page_of
from chapterflow_site.api_base.types import BookId, Cursor, Limit, VersionName, problems

from . import schemas
from .documents import BOOK_FILE
from .lookup import book_of, version_of
from .router import router
from .shown import summary_shown, version_shown

WriterName = Annotated[
    str | None, Query(max_length=200, description="The writer to estimate for; the default one if left out.")
]
_FORMATS = " or ".join(filter(None, (", ".join([*FORMATS][:-1]), [*FORMATS][-1])))
FormatName = Annotated[str, Path(description=f"{_FORMATS}.", example=next(iter(FORMATS)))]


def _file_schema(content_type: str) -> dict[str, object]:
    """Return what documents a file of this type: JSON by its keys, a text as one, all else as bytes."""
    if content_type == "application/json":
        return BOOK_FILE
    return {"type": "string"} if content_type.startswith("text/") else {"type": "string", "format": "binary"}


_FILE = {
    "description": "The file",
    "content": {
        known.content_type: {"schema": _file_schema(known.content_type)} for known in FORMATS.values()
    },
}


@router.get(
    "/books/{book_id}/versions",
    response=schemas.VersionPage,
    operation_id="list_versions",
    summary="List the versions of a book",
)
def listed(
    request: HttpRequest, book_id: BookId, cursor: Cursor = None, limit: Limit = 50
) -> schemas.VersionPage:
    """List the versions, the newest first, without their outlines."""
    book = book_of(request, book_id)
    versions = BookVersion.objects.filter(book=book).select_related("book", "session")
    found, following = page_of(versions, ("-number",), request, cursor=cursor, limit=limit)
    return schemas.VersionPage(results=[summary_shown(version) for version in found], next=following)


@router.get(
    "/books/{book_id}/versions/{version}",
    response=schemas.Version,
    operation_id="get_version",
    summary="Show an outline",
)
def shown(
    request: HttpRequest, book_id: BookId, version: VersionName, writer: WriterName = None
) -> schemas.Version:
    """Show the chapters in the order of writing, what each waits for, and what the book will come to."""
    return version_shown(version_of(request, book_id, version), writer)


@router.patch(
    "/books/{book_id}/versions/{version}",
    response=schemas.Version,
    operation_id="edit_version",
    summary="Change an outline before the start",
    openapi_extra=problems(409),
)
def edited(
    request: HttpRequest, book_id: BookId, version: VersionName, outline: schemas.OutlineChange
) -> schemas.Version:
    """Change what is given; what is left out stays. Once the version is started, 409, but for the speakers’ names."""
    found = edit_outline(
        version_of(request, book_id, version),
        actor=person_asking(request),
        dependencies=outline.dependencies,
        order=outline.order,
        preferences=outline.preferences,
        speaker_names=outline.speaker_names,
    )
    return version_shown(found)


@router.get(
    "/books/{book_id}/versions/{version}/export/{format}",
    operation_id="export_version",
    summary="Export a book",
    openapi_extra={"responses": {200: _FILE, **problems(409)["responses"]}},
)
def exported(request: HttpRequest, book_id: BookId, version: VersionName, format: FormatName) -> FileResponse:
    """Take away what is written, as a file. While nothing is written, 409; an unknown format is 404."""
    return download(export_book(version_of(request, book_id, version), format))
