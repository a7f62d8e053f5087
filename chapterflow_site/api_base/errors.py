"""Problems of the JSON API: the one place that turns whatever went wrong into application/problem+json."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from json import JSONDecodeError

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.request import RawPostDataException
from ninja.errors import AuthenticationError, HttpError, ValidationError

from books.storyline import Fault, StorylineFaults
from books.storyline.elements.preferences import PreferenceFaults
from chapterflow_site.core.exceptions import DomainError, Invalid
from chapterflow_site.core.outages import outage_of

CONTENT_TYPE = "application/problem+json"
HANDLED: tuple[type[Exception], ...] = (Exception, Http404, HttpError, ValidationError)

logger = logging.getLogger(__name__)

_SOURCES = frozenset({"body", "query", "path", "header", "cookie"})


class Unsupported(DomainError):
    """The body is of a kind that this address does not take."""

    status = 415


class CsrfFailed(DomainError):
    """A change was asked for under a session cookie without the token that a page of ours would have sent."""

    status = 403


class UnusableBody(Invalid):
    """The body is JSON, but holds what cannot be stored; `faults` says where."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__("invalid_request", "The request holds values that cannot be used.")
        self.faults = list(faults)


@dataclass(frozen=True)
class Problem:
    """What an answer says went wrong. `errors` are places with sentences, `more` are further keys."""

    status: int
    code: str
    detail: str
    errors: tuple[Mapping[str, object], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)


def answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """Answer with the problem that `error` is; an unexpected one is logged with its trace and told without it."""
    # django-ninja's own type of a handler allows classes; it only ever gives what was raised.
    error = error() if isinstance(error, type) else error
    away = outage_of(error)
    if away is not None:
        logger.error("%s %s: %s (%s)", request.method, request.path, away.message, error)
        error = away
    found = problem_of(error)
    if found is None:
        request_id = getattr(request, "request_id", "")
        logger.error("%s %s broke (%s)", request.method, request.path, request_id, exc_info=error)
        found = _internal(request_id)
    elif isinstance(error, DomainError):
        logger.info("refused %s %s: %s", request.method, request.path, error.code)
    return problem_response(found)


def problem_response(problem: Problem) -> HttpResponse:
    """Return the answer, as RFC 9457 has it, with our `code` and `errors` beside its own keys."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.more,
    }
    if problem.errors:
        content["errors"] = list(problem.errors)
    return JsonResponse(
        content, status=problem.status, content_type=CONTENT_TYPE, headers=dict(problem.headers)
    )


def problem_of(error: Exception) -> Problem | None:
    """Return what an expected error is to a client, or None for one that nobody expected."""
    if isinstance(error, DomainError):
        return Problem(error.status, error.code, error.message, _faults(error), _headers(error))
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, AuthenticationError):
        return _not_signed_in()
    if isinstance(error, HttpError):
        return _http_error(error)
    return _request_error(error)


def not_allowed(method: str | None, allowed: str) -> Problem:
    """Return the problem of a method that an address does not have."""
    detail = f"This address does not take {method}. It takes {allowed}."
    return Problem(405, "method_not_allowed", detail, headers={"Allow": allowed})


def refusal(error: DomainError) -> dict[str, object]:
    """Return the keys of the original specification's refusal: `success`, `message`; to put beside a problem's."""
    return {"success": False, "message": error.message}


def _request_error(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return Problem(404, "not_found", "There is nothing at this address, or it is somebody else’s.")
    if isinstance(error, RequestDataTooBig):
        return Problem(413, "too_large", "The request is larger than this installation takes.")
    if isinstance(error, RawPostDataException):
        return Problem(415, "unsupported_media_type", "Send JSON as the body of the request, not a form.")
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return Problem(400, "bad_request", "The request could not be read.")
    return None


def _not_signed_in() -> Problem:
    detail = "Sign in, or send “Authorization: Bearer” with a token that is valid."
    return Problem(401, "not_signed_in", detail, headers={"WWW-Authenticate": "Bearer"})


def _internal(request_id: str) -> Problem:
    where = f" The log has more about it under {request_id}." if request_id else ""
    return Problem(500, "internal_error", f"Something went wrong on our side.{where}")


def _http_error(error: HttpError) -> Problem:
    """Return the problem of django-ninja's own errors; its "cannot parse" hides what the parser said."""
    cause = error.__cause__
    if isinstance(cause, DomainError):
        return problem_of(cause) or _internal("")
    if isinstance(cause, JSONDecodeError):
        place = f"line {cause.lineno}, column {cause.colno}"
        fault = Fault(place, f"{cause.msg}.", cause.lineno, "not_json")
        return Problem(400, "not_json", f"The body is not JSON. {place}: {cause.msg}.", (_listed(fault),))
    if isinstance(cause, RecursionError | UnicodeDecodeError):
        return Problem(400, "not_json", "The body is not JSON that can be read.")
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return Problem(error.status_code, code, error.message)


def _invalid(error: ValidationError) -> Problem:
    faults = [_validation_fault(one) for one in error.errors]
    first = faults[0]
    errors = tuple(_listed(fault) for fault in faults)
    return Problem(422, "invalid_request", f"{first.place}: {first.message}", errors)


def _validation_fault(found: Mapping[str, object]) -> Fault:
    """Return a fault whose place is the key as the client wrote it."""
    location = found.get("loc")
    steps = [str(step) for step in location] if isinstance(location, tuple | list) else []
    source = steps[0] if steps and steps[0] in _SOURCES else ""
    # The second step of a body is the name of our function's argument.
    named = steps[2:] if source == "body" else steps[1:]
    place = ".".join(named) or source or "request"
    return Fault(place, f"{found.get('msg', 'This value cannot be used')}.", None, str(found.get("type", "")))


def _headers(error: DomainError) -> Mapping[str, str]:
    return {"Retry-After": str(error.retry_after_seconds)} if error.retry_after_seconds else {}


def _faults(error: DomainError) -> tuple[Mapping[str, object], ...]:
    if isinstance(error, StorylineFaults | PreferenceFaults | UnusableBody):
        return tuple(_listed(fault) for fault in error.faults)
    return ()


def _listed(fault: Fault) -> Mapping[str, object]:
    return {"place": fault.place, "message": fault.message, "line": fault.line}
