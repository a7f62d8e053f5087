"""Who asks, and how: what every page needs to know of a request."""

from django.contrib.auth.models import User
from django.http import HttpRequest


def person_of(request: HttpRequest) -> User:
    """Return the person who is signed in; for views behind `login_required` only."""
    assert isinstance(request.user, User)
    return request.user


def is_htmx(request: HttpRequest) -> bool:
    """Whether HTMX asks, for a part of the page."""
    return bool(getattr(request, "htmx", False))
