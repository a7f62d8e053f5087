"""A book and its versions."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

BOOK_ID = RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", "Use lower-case letters, digits and hyphens.")


class Dependencies(models.TextChoices):
    """On which chapters a chapter depends."""

    SEQUENTIAL = "sequential", "One after another"
    GRAPH = "graph", "By the links"


class BookQuerySet(models.QuerySet["Book"]):
    """Books as a person may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> "BookQuerySet":
        """Keep the books that `user` may see: one's own."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()


class Book(models.Model):
    """A book, with one version for each storyline that was uploaded to it. `book_id` is its public name.

    `writer` names who writes it where a start does not say; blank is the installation's default.
    `language_settled` says that a person or a storyline has named the language: no later storyline changes it.
    """

    book_id = models.CharField("book id", max_length=80, unique=True, validators=[BOOK_ID])
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="books", db_index=False
    )
    title = models.CharField(max_length=300)
    subtitle = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=35, default="en")
    # Of a book that an older release made nobody knows who named its language: it stays.
    language_settled = models.BooleanField(default=False, db_default=True, editable=False)
    description = models.TextField(blank=True)
    preferences = models.JSONField(default=dict, blank=True)
    writer = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BookQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["owner", "-updated_at"])]

    def __str__(self) -> str:
        return self.title

    def card(self) -> dict[str, object]:
        """Return what a writer may know of the book."""
        return {
            "book_id": self.book_id,
            "title": self.title,
            "subtitle": self.subtitle,
            "author": self.author,
            "language": self.language,
        }


class VersionQuerySet(models.QuerySet["BookVersion"]):
    """Versions as a person may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> "VersionQuerySet":
        """Keep the versions of books that `user` may see."""
        return self.filter(book__in=Book.objects.visible_to(user))


class BookVersion(models.Model):
    """One generation of a book from one storyline. `storyline_digest` tells equal uploads from others.

    `preferences` are its own; `fixed_preferences` all that held when the writing started, null until then.
    `speaker_names` says who hides behind labels like SPEAKER_00.
    """

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    dependencies = models.CharField(max_length=10, choices=Dependencies, default=Dependencies.SEQUENTIAL)
    preferences = models.JSONField(default=dict, blank=True)
    fixed_preferences = models.JSONField(null=True, blank=True, editable=False)
    speaker_names = models.JSONField(default=dict, db_default=Value({}, JSONField()), blank=True)
    source_name = models.CharField(max_length=255, blank=True)
    storyline_digest = models.CharField(max_length=64, editable=False)
    extra = models.JSONField(default=dict, blank=True, editable=False)
    node_count = models.PositiveIntegerField(default=0, editable=False)
    chunk_count = models.PositiveIntegerField(default=0, editable=False)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["book", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="version_number_once_per_book"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_1"),
            models.CheckConstraint(
                condition=Q(dependencies__in=Dependencies.values), name="version_dependencies_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book}, {self.name}"

    @property
    def name(self) -> str:
        """The version's public name: v1, v2 …"""
        return f"v{self.number}"

    @property
    def upload_notices(self) -> list[dict[str, str]]:
        """What its upload held that was not read: `code`, `place` and `message` of each."""
        found = self.extra.get("notices")
        return found if isinstance(found, list) else []

    @property
    def is_started(self) -> bool:
        """Whether the outline is fixed."""
        return self.started_at is not None
