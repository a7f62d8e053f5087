"""Who asks the API: a person signed in by cookie (changes need the CSRF token) or the owner of a bearer token."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import ensure_csrf_cookie
from ninja.errors import AuthenticationError
from ninja.security import APIKeyCookie, HttpBearer

from chapterflow_site.accounts.actions import person_of_token

from .errors import CsrfFailed, answer

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class BearerToken(HttpBearer):
    """`Authorization: Bearer <token>`, made by `manage.py create_token` or on the account page."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Return whose token it is, or None where it is unknown, revoked or its person inactive."""
        return person_of_token(token.strip())


class SessionCookie(APIKeyCookie):
    """The cookie of somebody who is signed in on this site."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> User | None:
        """Return who is signed in. Raises CsrfFailed for a change without the token of our pages.

        A request with an Authorization header stands or falls with it: a revoked token is refused, whatever
        cookies come along.
        """
        if "Authorization" in request.headers or not isinstance(request.user, User):
            return None
        if request.method not in _SAFE and (reason := _csrf_fault(request)):
            raise CsrfFailed("csrf_failed", f"The CSRF token is missing or wrong. {reason}")
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """Return who is signed in."""
        return self(request)


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, which says why instead of showing a page."""

    reason = ""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        self.reason = reason
        return HttpResponse(status=403)


def person_asking(request: HttpRequest) -> User:
    """Return who asks, for operations of the API only: there it is always somebody."""
    person = getattr(request, "auth", None)
    assert isinstance(person, User)
    return person


def for_people_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Show the API's documentation to whoever may use the API: pages ask to sign in, the schema answers 401."""
    page = ensure_csrf_cookie(view)

    @wraps(view, updated=())
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if isinstance(request.user, User) or BearerToken()(request) is not None:
            return page(request, *args, **kwargs)
        if request.path.endswith(".json"):
            return answer(request, AuthenticationError())
        return redirect_to_login(request.get_full_path())

    return guarded


def _csrf_fault(request: HttpRequest) -> str:
    """Return why the request has no valid CSRF token, or ""."""
    check = _CsrfCheck(lambda checked: HttpResponse())
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    check.process_request(request)
    check.process_view(request, lambda checked: HttpResponse(), (), {})
    return check.reason
