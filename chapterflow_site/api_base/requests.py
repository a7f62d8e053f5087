"""Reading requests of the API: whole documents as bytes, small bodies as plain JSON, pages of lists."""

import json
from collections.abc import Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar, cast

from django.conf import settings
from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from books.storyline import DEFAULT_LIMITS
from books.storyline.faults import Findings
from books.storyline.plain import NotPlain, check_plain
from chapterflow_site.core.exceptions import Invalid, TooLarge

from .errors import Unsupported, UnusableBody

Row = TypeVar("Row", bound=Model)

# Everything but a storyline or chunks is small.
_SMALL_BODY_BYTES = 2_000_000
_KEPT_IN_MEMORY = 1_000_000
_BLOCK = 65_536


def document_of(request: HttpRequest) -> IO[bytes]:
    """Return the body of an upload as a file, to be closed. Raises TooLarge before too much of it is read."""
    most = settings.CHAPTERFLOW_UPLOAD_BYTES
    if request.content_type == "multipart/form-data":
        raise Unsupported("unsupported_media_type", "Send the document itself as the body, not a form.")
    if _announced_length(request) > most:
        raise _too_large(most)
    kept: IO[bytes] = SpooledTemporaryFile(_KEPT_IN_MEMORY)  # noqa: SIM115  (whoever asked closes it)
    left = most + 1
    while block := request.read(min(left, _BLOCK)):
        kept.write(block)
        left -= len(block)
    if left <= 0:
        kept.close()
        raise _too_large(most)
    kept.seek(0)
    return kept


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        "too_large", f"This installation takes up to {most / 1_000_000:g} MB. Split the storyline."
    )


class PlainParser(Parser):
    """Reads JSON that a database can store: no NaN, no NUL, no half characters."""

    def parse_body(self, request: HttpRequest) -> dict[str, object]:
        """Return the value of the body; an empty form is an empty object.

        Raises what `json.loads` raises, UnusableBody, TooLarge.
        """
        if len(request.body) > _SMALL_BODY_BYTES:
            raise TooLarge("too_large", f"The body is larger than {_SMALL_BODY_BYTES / 1_000_000:g} MB.")
        if request.content_type == "multipart/form-data" and not (request.POST or request.FILES):
            return {}
        value = json.loads(request.body, parse_constant=float)
        _check_plain(value)
        return cast(dict[str, object], value)

    def parse_querydict(
        self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest
    ) -> dict[str, object]:
        """Return the keys of the address. Raises UnusableBody for a text that no database takes."""
        values: dict[str, object] = dict(super().parse_querydict(data, list_fields, request))
        _check_plain(values)
        return values


def page_of(
    rows: QuerySet[Row], order: Sequence[str], request: HttpRequest, *, cursor: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """Return up to `limit` rows behind `cursor` in this order, and the address of the next page, if there is one.

    `order` names fields, each with "-" in front or none, and ends with one that is unique. Costs the same on
    every page. Raises Invalid for a cursor that this list did not give.
    """
    if cursor is not None:
        rows = rows.filter(_behind(order, _opened(cursor, request.path)))
    found = list(rows.order_by(*order)[: limit + 1])
    if len(found) <= limit:
        return found, None
    values = [str(_value(found[limit - 1], name)) for name in order]
    query = request.GET.copy()
    query["cursor"] = signing.dumps(values, salt=request.path)
    return found[:limit], request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _announced_length(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _check_plain(value: object) -> None:
    findings = Findings()
    try:
        root = value if isinstance(value, dict | list) else [value]
        check_plain(root, (), findings, DEFAULT_LIMITS, {})
    except NotPlain as error:
        findings.add(error.path, error.code, str(error))
    if findings:
        raise UnusableBody(findings.faults())


def _behind(order: Sequence[str], values: Sequence[str]) -> Q:
    """Return the condition of standing behind a row whose fields have these values."""
    behind, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.removeprefix("-")
        step = "lt" if name.startswith("-") else "gt"
        behind |= equal & Q(**{f"{field}__{step}": value})
        equal &= Q(**{field: value})
    return behind


def _opened(cursor: str, path: str) -> list[str]:
    try:
        return cast(list[str], signing.loads(cursor, salt=path))
    except signing.BadSignature:
        raise Invalid("unknown_cursor", "This cursor is not one of this list. Begin without one.") from None


def _value(row: Model, name: str) -> object:
    value: object = row
    for step in name.removeprefix("-").split("__"):
        value = getattr(value, step)
    return value
