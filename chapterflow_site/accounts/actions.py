"""What can be done with accounts: API tokens, one-time sign-in links, the first administrator."""

from datetime import timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chapterflow_site.core.exceptions import Conflict

from .models import ApiToken, SignInLink, digest_of, new_secret

LINK_LIFETIME = timedelta(minutes=15)
# The link of a start on one's own machine is printed into a terminal and may be opened much later.
LOOPBACK_LINK_LIFETIME = timedelta(hours=12)
TOKEN_DAYS = 90
FIRST_ADMINISTRATOR = "owner"

_LAST_USED_STEP = timedelta(minutes=1)


def create_token(
    user: User, *, actor: User | None, name: str = "", days: int | None = TOKEN_DAYS
) -> tuple[ApiToken, str]:
    """Make an API token for `user` that works for so many days (None: for ever); return its row and the secret.

    The secret is stored nowhere.
    """
    secret = new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:100],
        prefix=secret[:8],
        digest=digest_of(secret),
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )
    return token, secret


def revoke_token(token: ApiToken, *, actor: User | None) -> ApiToken:
    """End a token for good; ending it twice keeps the first time."""
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
    return token


def person_of_token(secret: str) -> User | None:
    """Return whose token `secret` is, or None where it is unknown, revoked or expired, or its person inactive.

    Notes when it was last used, to the minute, so that most calls only read.
    """
    token = (
        ApiToken.objects.filter(digest=digest_of(secret), revoked_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    if token is None or token.is_expired:
        return None
    now = timezone.now()
    not_noted = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_STEP)
    if token.last_used_at is None or token.last_used_at < now - _LAST_USED_STEP:
        ApiToken.objects.filter(not_noted, pk=token.pk).update(last_used_at=now)
    return token.user


def make_sign_in_link(user: User, *, lifetime: timedelta = LINK_LIFETIME) -> str:
    """Make a link that signs `user` in once within `lifetime`; return its secret, which is stored nowhere."""
    now = timezone.now()
    SignInLink.objects.filter(expires_at__lt=now).delete()
    secret = new_secret()
    SignInLink.objects.create(user=user, digest=digest_of(secret), expires_at=now + lifetime)
    return secret


def person_of_link(secret: str) -> User | None:
    """Return whom a sign-in link would sign in, without using it; None where it no longer can."""
    link = _open_links(secret).select_related("user").first()
    return link.user if link else None


def use_sign_in_link(secret: str) -> User | None:
    """Use a sign-in link up; return whom it signs in, or None where it is used, expired or unknown.

    One conditional update decides, so that of two that open it at the same time one is signed in.
    """
    user = person_of_link(secret)
    if user is None or not _open_links(secret).update(used_at=timezone.now()):
        return None
    return user


def end_sign_in_links(user: User, *, actor: User | None) -> int:
    """End all open links of `user`, as a new password does; return how many there were."""
    ended, _ = SignInLink.objects.filter(user=user, used_at=None).delete()
    return ended


def _open_links(secret: str) -> "QuerySet[SignInLink]":
    return SignInLink.objects.filter(
        digest=digest_of(secret), used_at=None, expires_at__gt=timezone.now(), user__is_active=True
    )


def first_administrator() -> User | None:
    """Return the installation's first administrator, made on the first call if there is nobody at all.

    A made one is called "owner" and has no password: a sign-in link is the only way in until one is set.
    None where there are people but no active administrator.
    """
    if not User.objects.exists():
        User.objects.get_or_create(
            username=FIRST_ADMINISTRATOR,
            defaults={"is_staff": True, "is_superuser": True, "password": make_password(None)},
        )
    return User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()


def nobody_has_signed_in() -> bool:
    """Return whether the installation is new: nobody was ever signed in, and nobody has a password."""
    known = User.objects.filter(is_active=True).exclude(
        last_login=None, password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    return not known.exists()


def change_password(user: User, password: str | None, *, actor: User | None, ends_tokens: bool) -> User:
    """Set a password, or take it away (None). Other browsers are signed out, open sign-in links end.

    With `ends_tokens` the person's API tokens end as well: whoever knew the password may have made one.
    """
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        end_sign_in_links(user, actor=actor)
        if ends_tokens:
            ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    return user


def close_account(user: User, *, actor: User | None) -> User:
    """Let a person in no longer, by password, link, token or in a browser that is signed in; books are kept.

    Raises Conflict for the last administrator, without whom nobody could let anybody in again.
    """
    with transaction.atomic():
        others = (
            User.objects.select_for_update().filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
        )
        if user.is_superuser and not others.exists():
            raise Conflict("last_administrator", "This is the only administrator. Make another one first.")
        User.objects.filter(pk=user.pk).update(is_active=False)
        end_sign_in_links(user, actor=actor)
    user.is_active = False
    return user


def open_account(user: User, *, actor: User | None) -> User:
    """Let a person in again whose account was closed."""
    User.objects.filter(pk=user.pk).update(is_active=True)
    user.is_active = True
    return user


def edit_person(user: User, *, actor: User | None, first_name: str, last_name: str, email: str) -> User:
    """Change how a person is called."""
    User.objects.filter(pk=user.pk).update(first_name=first_name, last_name=last_name, email=email)
    user.refresh_from_db(fields=["first_name", "last_name", "email"])
    return user
