"""The JSON API: one NinjaAPI with its routers; its answers are JSON whatever goes wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import cast

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from books.api import router as books_router
from workflow.api import router as workflow_router

from .api_base.auth import BearerToken, SessionCookie, for_people_only
from .api_base.errors import HANDLED, answer, not_allowed, problem_response
from .api_base.requests import PlainParser
from .api_base.types import Problem, problems

DESCRIPTION = """Turns storylines into books. Begin with `POST /api/books`, send a storyline to it, start its version,
and follow the session.

Sign in on this site, or send `Authorization: Bearer <token>`; tokens are made on the account page.
Times are ISO 8601 in UTC. Errors are `application/problem+json` with a stable `code`."""

_UNSAFE = ("post", "put", "patch", "delete")


class ChapterFlowApi(NinjaAPI):
    """django-ninja, with problem+json also for addresses and methods that are not there."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses, with one at the end for all that lead nowhere."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _answering_in_json(pattern.callback)
        return [*patterns, path("<path:address>", _answering_in_json(_nothing_here))], app, namespace

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, object] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document, with the errors that every operation can answer with."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["components"]["schemas"] |= _problem_schemas()
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                codes = _possible_errors(method, operation)
                operation["responses"] = {**operation["responses"], **problems(*codes)["responses"]}
        return schema


def _possible_errors(method: str, operation: Mapping[str, object]) -> Iterator[int]:
    """Yield the statuses of the errors that follow from what an operation takes; its own stand beside it."""
    yield from (401, 500, 503)
    parameters = cast(Sequence[Mapping[str, object]], operation.get("parameters", ()))
    if method in _UNSAFE:
        yield 403
    if any(parameter["in"] == "path" for parameter in parameters):
        yield 404
    if "requestBody" in operation:
        yield from (400, 413, 415)
    if parameters or "requestBody" in operation:
        yield 422


def _answering_in_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view answer with problems for what happens outside of an operation, and forbid keeping answers."""

    @wraps(view, updated=("__dict__",) if hasattr(view, "__dict__") else ())
    def answering(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = _response(view, request, args, kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    answering.csrf_exempt = True  # type: ignore[attr-defined]  # the cookie's authentication checks it
    return answering


def _response(
    view: Callable[..., HttpResponseBase],
    request: HttpRequest,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> HttpResponseBase:
    if "\x00" in request.path:
        return answer(request, Http404())
    try:
        response = view(request, *args, **kwargs)
    except Exception as error:
        return answer(request, error)
    if isinstance(response, HttpResponseNotAllowed):
        return problem_response(not_allowed(request.method, response.headers["Allow"]))
    return response


def _nothing_here(request: HttpRequest, address: str) -> HttpResponseBase:
    raise Http404(address)


def _problem_schemas() -> dict[str, object]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "Problem": schema}


api = ChapterFlowApi(
    title="ChapterFlow",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=[BearerToken(), SessionCookie()],
    parser=PlainParser(),
    docs_decorator=for_people_only,
)
for _kind in HANDLED:
    api.add_exception_handler(_kind, answer)
api.add_router("", books_router)
api.add_router("", workflow_router)
