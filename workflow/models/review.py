"""What the harmonizer changed and the questioner asked."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from books.models import Book, BookVersion, Chapter, ChapterRevision

from .session import ProcessingSession

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class ConsistencyRule(models.Model):
    """One of the harmonizer's rules, as a person has switched it for a book. A rule without a row is on."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="consistency_rules", db_index=False)
    key = models.CharField(max_length=60)
    is_enabled = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "consistency rule"
        ordering = ["book", "key"]
        constraints = [models.UniqueConstraint(fields=["book", "key"], name="rule_once_per_book")]

    def __str__(self) -> str:
        return self.key


class ChangeStatus(models.TextChoices):
    """What became of a change."""

    APPLIED = "applied", "Applied"
    KEPT = "kept", "Kept"
    UNDONE = "undone", "Undone"
    SUGGESTED = "suggested", "Suggested"
    DISMISSED = "dismissed", "Dismissed"
    REJECTED = "rejected", "Not applied"
    SUPERSEDED = "superseded", "Of an earlier text"


class ReviewQuerySet(models.QuerySet["HarmonizationChange"]):
    """Changes as a person may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> "ReviewQuerySet":
        """Keep the changes in books that `user` may see."""
        return self.filter(chapter__version__book__in=Book.objects.visible_to(user))


class HarmonizationChange(models.Model):
    """One find-and-replace in one chapter. `replace` null: something to look at, with no replacement offered.

    `offset` is the place in the Markdown where `find` was found or, once applied, where `replace` stands;
    `before` and `after` are the characters around it, by which it is found again when other changes moved it.
    """

    session = models.ForeignKey(
        ProcessingSession, on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    chapter = models.ForeignKey(Chapter, on_delete=models.CASCADE, related_name="changes")
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=10)
    status = models.CharField(max_length=10, choices=ChangeStatus)
    find = models.TextField()
    replace = models.TextField(null=True, blank=True)
    offset = models.PositiveIntegerField()
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    reason = models.TextField()
    evidence = models.JSONField(default=dict, blank=True)
    revision = models.ForeignKey(
        ChapterRevision, on_delete=models.SET_NULL, null=True, blank=True, related_name="changes"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = "harmonization change"
        ordering = ["session", "chapter__number", "offset", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ChangeStatus.values), name="change_status_known"),
            models.CheckConstraint(
                condition=Q(replace__isnull=False)
                | ~Q(status__in=[ChangeStatus.APPLIED, ChangeStatus.KEPT, ChangeStatus.UNDONE]),
                name="change_applied_has_replacement",
            ),
        ]
        indexes = [models.Index(fields=["session", "status"])]

    def __str__(self) -> str:
        return f"{self.rule}: {self.find[:40]}"

    @property
    def is_refused(self) -> bool:
        """Whether its replacement did not pass the checks: nobody can make it with one press."""
        return isinstance(self.evidence, dict) and bool(self.evidence.get("refused"))


class Priority(models.IntegerChoices):
    """How much a question matters."""

    HIGH = 1, "High"
    MEDIUM = 2, "Medium"
    LOW = 3, "Low"


class QuestionStatus(models.TextChoices):
    """What became of a question."""

    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"
    DISMISSED = "dismissed", "Put aside"


class QuestionQuerySet(models.QuerySet["FollowUpQuestion"]):
    """Questions as a person may see them."""

    def visible_to(self, user: "User | AnonymousUser") -> "QuestionQuerySet":
        """Keep the questions on books that `user` may see."""
        return self.filter(version__book__in=Book.objects.visible_to(user))


class FollowUpQuestion(models.Model):
    """A question to the person whose book it is. `key` tells equal questions apart from new ones when asked again."""

    version = models.ForeignKey(
        BookVersion, on_delete=models.CASCADE, related_name="questions", db_index=False
    )
    session = models.ForeignKey(ProcessingSession, on_delete=models.CASCADE, related_name="questions")
    chapter = models.ForeignKey(
        Chapter, on_delete=models.CASCADE, null=True, blank=True, related_name="questions"
    )
    key = models.CharField(max_length=64, editable=False)
    category = models.CharField(max_length=40)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.MEDIUM)
    status = models.CharField(max_length=10, choices=QuestionStatus, default=QuestionStatus.OPEN)
    text = models.TextField()
    reason = models.TextField()
    evidence = models.JSONField(default=dict, blank=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = "follow-up question"
        ordering = ["version", "priority", "chapter__number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="question_once_per_version"),
            models.CheckConstraint(
                condition=~Q(status=QuestionStatus.ANSWERED) | ~Q(answer=""),
                name="question_answered_has_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.text
