"""Says whether somebody who has signed in sends a request, from its headers alone, before its body is read."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error as DatabaseError
from django.db import connections
from django.http import HttpRequest
from django.utils.module_loading import import_string

from chapterflow_site.accounts.actions import person_of_token

# Longer ones are no sign-ins of ours, and costly to read.
_LONGEST = 8_000


def claims_to_be_known(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a sign-in or a token comes along, good or not. Names of headers are in lower case."""
    cookie = f"{settings.SESSION_COOKIE_NAME}=".encode()
    return b"authorization" in headers or cookie in headers.get(b"cookie", b"")


def is_known(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether the sign-in or the token is good. Asks the database: not for an event loop.

    Where the database is away nobody is known.
    """
    if not claims_to_be_known(headers):
        return False
    try:
        token = _text(headers, b"authorization")
        if token:
            return person_of_token(token.partition(" ")[2].strip()) is not None
        return _is_signed_in(_text(headers, b"cookie"))
    except DatabaseError:
        return False
    finally:
        connections.close_all()


def _is_signed_in(cookies: str) -> bool:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    if morsel is None or "\x00" in morsel.value:
        return False
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(morsel.value)
    return get_user(request).is_authenticated


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    value = headers.get(name, b"")
    return value.decode("latin1") if len(value) <= _LONGEST else ""
