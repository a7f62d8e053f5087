"""API tokens, one-time sign-in links and tries of passwords, all stored as hashes only."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a random secret; the secret has 256 bits, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return a fresh secret of 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


class ApiToken(models.Model):
    """A bearer token of the API; the token itself is shown once, when it is made."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # None: it does not expire.
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class SignInLink(models.Model):
    """A link that signs one person in once, before it expires."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "sign-in link"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Sign-in link of {self.user}"


class TryKind(models.TextChoices):
    """By what tries of passwords are counted."""

    NAME_AND_ADDRESS = "name_and_address", "One name from one address"
    NAME = "name", "One name from everywhere"
    ADDRESS = "address", "All names from one address"
    PASSWORD_CHANGE = "password_change", "One person who changes the password"


class PasswordTry(models.Model):
    """How often passwords were tried within a quarter of an hour; deleted after it."""

    kind = models.CharField(max_length=20, choices=TryKind.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    count = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "password tries"
        ordering = ["-began_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.count}"
