"""Chapters, their immutable texts and the citations of each text."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .book import Book, BookVersion
from .storyline import StorylineNode, TextChunk

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


LONGEST_TITLE = 500


class Origin(models.TextChoices):
    """Who made a revision."""

    WRITER = "writer", "Writer"
    HARMONIZER = "harmonizer", "Harmonizer"
    PERSON = "person", "Person"


class ChapterQuerySet(models.QuerySet["Chapter"]):
    """Chapters as a person may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> "ChapterQuerySet":
        """Keep the chapters of books that `user` may see."""
        return self.filter(version__book__in=Book.objects.visible_to(user))


class Chapter(models.Model):
    """A chapter of a version; made, with its number and id, when the version is started.

    `title` may be shown everywhere; `full_title` is the title with what is withheld, blank where that is nothing.
    """

    chapter_id = models.CharField("chapter id", max_length=120, unique=True)
    version = models.ForeignKey(
        BookVersion, on_delete=models.CASCADE, related_name="chapters", db_index=False
    )
    number = models.PositiveIntegerField()
    node = models.OneToOneField(StorylineNode, on_delete=models.CASCADE, related_name="chapter")
    title = models.CharField(max_length=LONGEST_TITLE)
    full_title = models.CharField(
        max_length=LONGEST_TITLE, blank=True, default="", db_default="", editable=False
    )
    current_revision = models.ForeignKey(
        "ChapterRevision", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outdated_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChapterQuerySet.as_manager()

    class Meta:
        ordering = ["version", "number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="chapter_number_once_per_version"),
            models.CheckConstraint(condition=Q(number__gte=1), name="chapter_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class ChapterRevision(models.Model):
    """One text of a chapter. Never changed after it is stored.

    `quality_score` and `confidence` are 0 to 1 or null. `attempt_number` names the attempt that wrote it.
    """

    chapter = models.ForeignKey(Chapter, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=12, choices=Origin)
    title = models.CharField(max_length=LONGEST_TITLE)
    markdown = models.TextField()
    themes = models.JSONField(default=list, blank=True)
    participants = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    source_chunk_ids = models.JSONField(default=list, blank=True)
    word_count = models.PositiveIntegerField(default=0)
    confidence = models.FloatField(null=True, blank=True)
    quality_score = models.FloatField(null=True, blank=True)
    quality_metrics = models.JSONField(default=dict, blank=True)
    usage = models.JSONField(default=dict, blank=True)
    agent = models.CharField(max_length=200)
    session_id = models.UUIDField(null=True, blank=True)
    attempt_number = models.PositiveIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # What was changed to make it of the text before, a sentence a line.
    reason = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "chapter revision"
        ordering = ["chapter", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["chapter", "number"], name="revision_number_once_per_chapter"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="revision_origin_known"),
            models.CheckConstraint(condition=~Q(markdown=""), name="revision_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.chapter_id}, revision {self.number}"

    @property
    def reasons(self) -> list[str]:
        """The sentences of `reason`."""
        return self.reason.splitlines()


class Citation(models.Model):
    """A place in a revision that rests on a chunk. `quote` is verbatim in the chunk, or empty."""

    revision = models.ForeignKey(
        ChapterRevision, on_delete=models.CASCADE, related_name="citations", db_index=False
    )
    position = models.PositiveIntegerField()
    paragraph = models.PositiveIntegerField()
    chunk = models.ForeignKey(TextChunk, on_delete=models.CASCADE, related_name="citations")
    quote = models.TextField(blank=True)

    class Meta:
        ordering = ["revision", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "position"], name="citation_position_once_per_revision"
            )
        ]

    def __str__(self) -> str:
        return self.quote[:60]
