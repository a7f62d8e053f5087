"""Sessions: one run over a version of a book each."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from books.models import Book, BookVersion, Dependencies
from workflow.contract.states import UNFINISHED, OnFailure, PauseReason, Phase, SessionStatus

from .claim import ClaimColumns
from .spending import Budget, Spending

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class SessionQuerySet(models.QuerySet["ProcessingSession"]):
    """Sessions as a person or the pacemaker asks for them."""

    def visible_to(self, user: "User | AnonymousUser") -> "SessionQuerySet":
        """Keep the sessions over books that `user` may see."""
        return self.filter(version__book__in=Book.objects.visible_to(user))

    def unfinished(self) -> "SessionQuerySet":
        """Keep the sessions that are not completed, failed or cancelled."""
        return self.filter(status__in=UNFINISHED)


class ProcessingSession(ClaimColumns, Spending, Budget):
    """One run over a version. *Paused* is a time on it, not a status.

    The claim columns are those of the harmonizing and questions phases. The counters equal what they count:
    `written_count` items whose text is written, `harmonized_count` those that are harmonized or completed,
    `failed_count` those that FAILED. `event_seq` is the number of the newest Event, `regeneration_seq` that of the
    newest one by which a written chapter was asked for again or written again, 0 where none ever was. The sums of
    spending are those of its attempts. `pause_reason` says why it is paused, where nobody asked for it.
    `held_back_at` is since when it waits for a place with one of the model providers `held_back_by`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.OneToOneField(BookVersion, on_delete=models.CASCADE, related_name="session")
    status = models.CharField(max_length=12, choices=SessionStatus, default=SessionStatus.INITIALIZED)
    writer = models.CharField(max_length=200)
    dependencies = models.CharField(max_length=10, choices=Dependencies)
    on_failure = models.CharField(max_length=4, choices=OnFailure, default=OnFailure.HOLD)
    idempotency_key = models.CharField(max_length=200, blank=True, editable=False)
    parallel_chapters = models.PositiveIntegerField(default=8)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    total_chapters = models.PositiveIntegerField(default=0, editable=False)
    written_count = models.PositiveIntegerField(default=0, editable=False)
    harmonized_count = models.PositiveIntegerField(default=0, editable=False)
    failed_count = models.PositiveIntegerField(default=0, editable=False)
    event_seq = models.PositiveBigIntegerField(default=0, editable=False)
    regeneration_seq = models.PositiveBigIntegerField(default=0, editable=False)
    best_progress = models.FloatField(default=0, editable=False)
    questions_error = models.TextField(blank=True, editable=False)
    woken_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    pause_reason = models.CharField(max_length=20, choices=PauseReason, blank=True, editable=False)
    held_back_at = models.DateTimeField(null=True, blank=True, editable=False)
    held_back_by = models.TextField(blank=True, editable=False)
    harmonized_at = models.DateTimeField(null=True, blank=True, editable=False)
    questioned_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = "processing session"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=SessionStatus.values), name="session_status_known"),
            models.CheckConstraint(
                condition=Q(written_count__lte=F("total_chapters"), harmonized_count__lte=F("written_count"))
                & Q(failed_count__lte=F("total_chapters")),
                name="session_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(token=None, lease_expires_at=None)
                | Q(token__isnull=False, lease_expires_at__isnull=False),
                name="session_claim_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["woken_at"], condition=Q(status__in=sorted(UNFINISHED)), name="session_unfinished"
            ),
            models.Index(
                fields=["held_back_at"],
                condition=Q(held_back_at__isnull=False),
                name="session_held_back",
            ),
        ]

    def __str__(self) -> str:
        return f"Session of {self.version}"

    @property
    def phase(self) -> Phase:
        """What the session is at."""
        if self.status == SessionStatus.COMPLETED:
            return Phase.DONE
        if self.status in {SessionStatus.HARMONIZING, SessionStatus.FAILED} and self.is_settled:
            return Phase.HARMONIZING if self.harmonized_at is None else Phase.QUESTIONS
        return Phase.WRITING

    @property
    def skipped_count(self) -> int:
        """How many chapters the book goes on without: those that FAILED, under *skip*."""
        return self.failed_count if self.on_failure == OnFailure.SKIP else 0

    @property
    def is_settled(self) -> bool:
        """Whether every chapter has a text, or the book goes on without it; a book without any text is not."""
        return self.written_count > 0 and self.written_count + self.skipped_count == self.total_chapters

    @property
    def is_paused(self) -> bool:
        """Whether a person or its budget has paused it; what is in flight still finishes."""
        return self.paused_at is not None and self.status in UNFINISHED

    @property
    def is_over_budget(self) -> bool:
        """Whether it is paused because the next call of a model would pass its budget."""
        return self.is_paused and self.pause_reason == PauseReason.BUDGET

    @property
    def progress_percentage(self) -> float:
        """90 × settled / total + 10 × the share harmonized; never less than before, 100 only when COMPLETED."""
        if self.status == SessionStatus.COMPLETED:
            return 100.0
        return min(max(self.best_progress, self.measured_progress), 99.9)

    @property
    def measured_progress(self) -> float:
        """The percentage of the present counts alone, one decimal."""
        if not self.total_chapters:
            return 0.0
        settled = self.written_count + self.skipped_count
        to_harmonize = max(1, self.total_chapters - self.skipped_count)
        return round(90 * settled / self.total_chapters + 10 * self.harmonized_count / to_harmonize, 1)
