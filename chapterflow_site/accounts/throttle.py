"""Counts tries of passwords by name and by address in the database, where every process sees them.

What was typed as a name may be a password that was typed into the wrong field: only hashes are stored.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from .models import PasswordTry, TryKind

MOST_TRIES = 10
# How many are taken of each kind before the wait; the wait begins with the first.
MOST: Mapping[TryKind, int] = {
    TryKind.NAME_AND_ADDRESS: MOST_TRIES,
    # For one name from all addresses, of which some people have many; for all names from one address, behind which
    # a whole house may sit.
    TryKind.NAME: 100,
    TryKind.ADDRESS: 50,
    TryKind.PASSWORD_CHANGE: MOST_TRIES,
}
WAIT_SECONDS = 15 * 60
# Whoever has one address of the new kind has all that begin like it.
_NEIGHBOURS = 64
_KNOWN_COOKIE = f"chapterflow-{settings.INSTALLATION_ID}-known"
_KNOWN_SECONDS = 365 * 24 * 60 * 60
_KNOWN_SALT = "chapterflow.known-browser"
_PORT = re.compile(r"(?:(\d+\.\d+\.\d+\.\d+)|\[([0-9A-Fa-f:.]+)\])(?::\d+)?")

Keys = Mapping[TryKind, str]


def take_try(keys: Keys) -> int | None:
    """Count a try before its password is looked at; return how many are left after it, None where none was.

    Counting first lets those that come at the same time not share one try. What is refused is not written down.
    """
    now = timezone.now()
    digests = {kind: _digest(kind, who) for kind, who in keys.items()}
    since = now - timedelta(seconds=WAIT_SECONDS)
    counted = _counts(digests, since)
    if any(counted.get(digests[kind], 0) >= MOST[kind] for kind in keys):
        return None
    with transaction.atomic():
        if len(counted) < len(keys):
            PasswordTry.objects.filter(began_at__lte=since).delete()
            PasswordTry.objects.bulk_create(
                [PasswordTry(kind=kind, digest=digest, began_at=now) for kind, digest in digests.items()],
                ignore_conflicts=True,
            )
        PasswordTry.objects.filter(digest__in=digests.values()).update(count=F("count") + 1)
    after = _counts(digests, since)
    left = min(MOST[kind] - after.get(digests[kind], 1) for kind in keys)
    return left if left >= 0 else None


def forget_tries(keys: Keys) -> None:
    """Start again after a success; the address gets back one try, which others there may have used up as well."""
    digests = {kind: _digest(kind, who) for kind, who in keys.items()}
    address = digests.pop(TryKind.ADDRESS, "")
    PasswordTry.objects.filter(digest__in=digests.values()).delete()
    PasswordTry.objects.filter(digest=address, count__gt=0).update(count=F("count") - 1)


def give_back(keys: Keys) -> None:
    """Count a try no longer whose password was not looked at."""
    digests = [_digest(kind, who) for kind, who in keys.items()]
    PasswordTry.objects.filter(digest__in=digests, count__gt=0).update(count=F("count") - 1)


def of_sign_in(request: HttpRequest, username: str) -> Keys:
    """Return by what a try to sign in is counted.

    A browser that this person has signed in with has tries of its own: strangers, who try names from many addresses
    or share a proxy with everybody, keep nobody out who was in before.
    """
    name, address = username.strip().casefold(), address_of(request)
    if browser := _known_browser(request, name):
        return {TryKind.NAME_AND_ADDRESS: f"{name}\nbrowser {browser}"}
    return {
        TryKind.NAME_AND_ADDRESS: f"{name}\n{address}",
        TryKind.NAME: name,
        TryKind.ADDRESS: address,
    }


def remember_browser(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Let the browser show next time that `user` has signed in with it; it opens nothing by itself."""
    name = user.get_username().casefold()
    browser = _known_browser(request, name) or secrets.token_urlsafe(16)
    response.set_cookie(
        _KNOWN_COOKIE,
        signing.dumps([_digest(TryKind.NAME, name), browser], salt=_KNOWN_SALT),
        max_age=_KNOWN_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browser(request: HttpRequest, name: str) -> str:
    """Return which browser of this person asks; "" for one that the person has not signed in with."""
    try:
        digest, browser = signing.loads(
            request.COOKIES.get(_KNOWN_COOKIE, ""), salt=_KNOWN_SALT, max_age=_KNOWN_SECONDS
        )
    except signing.BadSignature:
        return ""
    return str(browser) if digest == _digest(TryKind.NAME, name) else ""


def of_password_change(user: User) -> Keys:
    """Return by what a try to change one's password is counted: whoever found a browser open guesses here."""
    return {TryKind.PASSWORD_CHANGE: str(user.pk)}


def address_of(request: HttpRequest) -> str:
    """Return where the request comes from, as far as it can be believed.

    Each proxy of ours (CHAPTERFLOW_PROXIES) appends to X-Forwarded-For whom it heard; what stands before that
    anybody may have written. An address of IPv6 counts by its first half.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.CHAPTERFLOW_PROXIES:
        said = [
            part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
        ]
        heard = said[-settings.CHAPTERFLOW_PROXIES :]
        address = heard[0] if heard else address
    if with_port := _PORT.fullmatch(address):
        # Some proxies write the port as well, which is another one for each connection.
        address = with_port[1] or with_port[2]
    try:
        found = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, _NEIGHBOURS), strict=False))


def _counts(digests: Mapping[TryKind, str], since: object) -> dict[str, int]:
    rows = PasswordTry.objects.filter(digest__in=digests.values(), began_at__gt=since)
    return dict(rows.values_list("digest", "count"))


def _digest(kind: TryKind, who: str) -> str:
    # A salt of the installation's own, so that names cannot be looked up in a list of hashes.
    return hashlib.sha256(f"{settings.SECRET_KEY}\n{kind}\n{who}".encode()).hexdigest()
