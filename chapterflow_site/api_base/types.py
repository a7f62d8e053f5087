"""Types that the schemas of the API share: moments, pages of lists, the parameters of addresses, error answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from ninja import Path, Query
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from .errors import CONTENT_TYPE

T = TypeVar("T")

_MOMENT_EXAMPLE = "2026-03-01T09:30:00.000000+00:00"


def iso(moment: datetime) -> str:
    """Return a moment as the API writes it: ISO 8601 in UTC, with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


Moment = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_MOMENT_EXAMPLE]}),
]

BookId = Annotated[
    str,
    Path(description="The book’s public name: lower-case letters, digits, hyphens.", example="ferry-house"),
]
VersionName = Annotated[str, Path(description="The version’s name: v1, v2 …", example="v1")]
SessionId = Annotated[
    str, Path(description="The session’s id, a UUID.", example="6f1c1c58-2f0e-4a40-9d1f-0d6f3a1b2c3d")
]
ChapterId = Annotated[
    str,
    Path(
        description="The chapter’s id: {book_id}_{version}_chapter_{n}.", example="ferry-house_v1_chapter_3"
    ),
]
Cursor = Annotated[
    str | None,
    Query(min_length=1, description="Where to go on; it stands in the `next` of the page before."),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many to list at most.")]


def one_of(values: Sequence[str]) -> str:
    """Return how a description names the values of a field: "pending, completed or failed."."""
    return f"{', '.join(values[:-1])} or {values[-1]}."


class Request(BaseModel):
    """A body of ours: keys that are not known are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


def old_name(name: str, **schema: str) -> Any:
    """Return the field of a value that is called `name` now: given beside it until 1.0, marked as deprecated.

    Said in the schema alone: pydantic's own `deprecated` warns at every reading of the value.
    """
    return Field(
        description=f"The old name of `{name}`, until 1.0.", json_schema_extra={**schema, "deprecated": True}
    )


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    results: list[T] = Field(description="The rows of this page, in order.")
    next: str | None = Field(
        default=None, description="The address of the next page; null on the last one.", examples=[None]
    )


class Place(BaseModel):
    """One thing to correct."""

    place: str = Field(description="Where it stands.", examples=["nodes[12].chunk_ids[3]"])
    message: str = Field(description="What is wrong, and how to correct it.")
    line: int | None = Field(default=None, description="Its line in the body, from 1, where it is known.")


class Problem(BaseModel):
    """An error, as RFC 9457 has it; `code` is stable, `detail` is for people."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The name of the HTTP status.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    code: str = Field(description="What went wrong, for programs.", examples=["not_found"])
    detail: str = Field(description="What went wrong, for people.")
    errors: list[Place] = Field(
        default_factory=list, description="All faults of the request, if it has some."
    )


_MEANINGS = {
    400: ("not_json", "The body is not JSON that can be read."),
    401: ("not_signed_in", "Nobody is signed in, and there is no valid token."),
    403: ("csrf_failed", "A change under a session cookie without its CSRF token."),
    404: ("not_found", "There is no such thing, or it is somebody else’s."),
    409: ("not_running", "Its state does not allow this."),
    413: ("too_large", "The request is larger than this installation takes."),
    415: ("unsupported_media_type", "The body is a form and not a document."),
    422: ("invalid_request", "The request has faults; `errors` lists them all."),
    500: ("internal_error", "Something went wrong on our side; the log has more about it."),
    429: ("checked_just_now", "It was asked for a moment ago, or too often."),
    503: (
        "uploads_busy",
        "The installation does as much of this as it can; `Retry-After` says when to ask again.",
    ),
}


def problems(*statuses: int) -> dict[str, dict[int, object]]:
    """Return what documents these error answers of an operation, for its `openapi_extra`."""
    return {"responses": {status: _documented(status) for status in statuses}}


def _documented(status: int) -> dict[str, object]:
    code, meaning = _MEANINGS[status]
    example = {"type": "about:blank", "title": "…", "status": status, "code": code, "detail": meaning}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": meaning, "content": {CONTENT_TYPE: {"schema": schema, "example": example}}}
