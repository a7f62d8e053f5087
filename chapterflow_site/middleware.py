"""What every answer gets: a request id, a strict Content-Security-Policy, no copies, a plain page for a refusal."""

import logging
import secrets
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from .api_base.errors import answer
from .core.exceptions import DomainError, TooLarge
from .errors import bad_request, refusal_page
from .web.gate import is_too_large

GetResponse = Callable[[HttpRequest], HttpResponseBase]

API = "/api/"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)

PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
        "magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


class RequestIdMiddleware:
    """Gives each request an id, for the log and for a person who asks for help."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.request_id = f"req-{secrets.token_hex(4)}"  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class ContentSecurityPolicyMiddleware:
    """Allows scripts and styles of this site only, none inline, and nothing that reaches into the device."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


class HeadMiddleware:
    """Answers HEAD as GET, without the body, on every page: no view can forget it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "HEAD":
            return self.get_response(request)
        request.is_head = True  # type: ignore[attr-defined]
        request.method = "GET"
        response = self.get_response(request)
        request.method = "HEAD"
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = ()
        elif isinstance(response, HttpResponse):
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response


class PrivateMiddleware:
    """Forbids copies of pages: what people have told is left in no cache, neither a proxy's nor a browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class NoNulMiddleware:
    """Refuses addresses with the character NUL, which PostgreSQL takes in no text, and forgets such cookies."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        kept = {name: value for name, value in request.COOKIES.items() if "\x00" not in value}
        if len(kept) < len(request.COOKIES):
            request.COOKIES = kept
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> HttpResponse | None:
        """Look at an address that leads to a page; the API looks at its own, and answers in JSON."""
        if request.path.startswith(API) or "\x00" not in request.path + "".join(
            text for values in request.GET.lists() for text in (values[0], *values[1])
        ):
            return None
        return bad_request(request, BadRequest("NUL"))


class DomainErrorMiddleware:
    """Turns a domain refusal that a page raised into a plain page, or a notice where HTMX asked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_too_large(getattr(request, "scope", None)):
            return _too_large(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a DomainError; leave everything else to Django."""
        if not isinstance(exception, DomainError):
            return None
        logging.getLogger(__name__).info("refused %s: %s", request.path, exception.code)
        return refusal_page(request, exception)


def _too_large(request: HttpRequest) -> HttpResponse:
    """Say that the request was larger than anything that is taken; nothing of it was kept."""
    most = f"{settings.CHAPTERFLOW_UPLOAD_BYTES / 1_000_000:g} MB"
    text = (
        f"The request is larger than this installation takes: up to {most} from somebody who has signed in."
    )
    error = TooLarge("too_large", text)
    return answer(request, error) if request.path.startswith(API) else refusal_page(request, error)
