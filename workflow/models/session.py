"""Sessions and their workflow items, with the claim that both carry."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from books.models import Book, BookVersion, Chapter, Dependencies
from workflow.states import UNFINISHED, WRITTEN, ItemStatus, OnFailure, PauseReason, Phase, SessionStatus

from .spending import Budget, Spending

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


class Claim(models.Model):
    """A worker's claim on a thing: who has it, until when, under which token. All unset: nobody has it.

    `owner` is `run:pid:process start time`. `attempt_count` counts attempts for ever, `retry_count` failed
    ones since the last person's retry, `lost_count` workers that were lost since then.
    `rate_limited_at` is when the present series of rate limits began.
    """

    owner = models.CharField(max_length=100, blank=True, editable=False)
    token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempt_count = models.PositiveIntegerField(default=0, editable=False)
    retry_count = models.PositiveIntegerField(default=0, editable=False)
    lost_count = models.PositiveIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)
    rate_limited_at = models.DateTimeField(null=True, blank=True, editable=False)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    error_message = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True


class SessionQuerySet(models.QuerySet["ProcessingSession"]):
    """Sessions as a person or the pacemaker asks for them."""

    def visible_to(self, user: "User | AnonymousUser") -> "SessionQuerySet":
        """Keep the sessions over books that `user` may see."""
        return self.filter(version__book__in=Book.objects.visible_to(user))

    def unfinished(self) -> "SessionQuerySet":
        """Keep the sessions that are not completed, failed or cancelled."""
        return self.filter(status__in=UNFINISHED)


class ProcessingSession(Claim, Spending, Budget):
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


class ItemQuerySet(models.QuerySet["ChapterWorkflowItem"]):
    """Items as the engine and the pages ask for them."""

    def visible_to(self, user: "User | AnonymousUser") -> "ItemQuerySet":
        """Keep the items of books that `user` may see."""
        return self.filter(session__version__book__in=Book.objects.visible_to(user))

    def written(self) -> "ItemQuerySet":
        """Keep the items whose chapter has its text."""
        return self.filter(status__in=WRITTEN)

    def outdated(self) -> "ItemQuerySet":
        """Keep the written items whose text rests on something that has changed since."""
        return self.written().exclude(chapter__outdated_reason="")

    def startable(self) -> "ItemQuerySet":
        """Keep the PENDING items that wait for no other chapter; some may still wait for their time."""
        return self.filter(status=ItemStatus.PENDING, unmet_count=0)


class ChapterWorkflowItem(Claim):
    """The state of one chapter in a session.

    `unmet_count` counts the chapters that it depends on directly and that are not written yet, nor FAILED under
    *skip*. `writer` is who writes it where a person chose another than the session's, "" where they did not.
    `status_before` is the written status of a chapter that is being written again, whose text of before stays the
    present one until then; "" for any other. `note` is what a person asked of the writer when they last asked again.
    `providers` are those whose places it takes while it is being written.
    `row_version` grows with every change that a card shows. `word_count` and `quality_score` (0 to 1, null: not
    measured) are those of the chapter's present text, kept here so that a board reads them with its items;
    `story_line` tells it in one line. `nearest_before` are the numbers of the nearest chapters that it depends on,
    however far up, ascending, and `before_count` is how many there are in all; in a sequence they are empty: there
    it is every lower number.
    """

    session = models.ForeignKey(
        ProcessingSession, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    chapter = models.OneToOneField(Chapter, on_delete=models.CASCADE, related_name="item")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=ItemStatus, default=ItemStatus.PENDING)
    unmet_count = models.PositiveIntegerField(default=0, editable=False)
    writer = models.CharField(max_length=200, blank=True, editable=False)
    status_before = models.CharField(max_length=12, choices=ItemStatus, blank=True, editable=False)
    note = models.TextField(blank=True, editable=False)
    providers = models.CharField(max_length=500, blank=True, editable=False)
    row_version = models.PositiveIntegerField(default=1, editable=False)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    quality_score = models.FloatField(null=True, blank=True, editable=False)
    nearest_before = models.JSONField(default=list, blank=True, editable=False)
    before_count = models.PositiveIntegerField(default=0, editable=False)
    story_line = models.TextField(blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)
    depends_on = models.ManyToManyField(
        "self",
        through="ItemDependency",
        through_fields=("item", "needs"),
        symmetrical=False,
        related_name="dependents",
    )

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = "chapter workflow item"
        ordering = ["session", "number"]
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="item_number_once_per_session"),
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="item_status_known"),
            models.CheckConstraint(
                condition=Q(
                    status=ItemStatus.IN_PROGRESS, token__isnull=False, lease_expires_at__isnull=False
                )
                | (~Q(status=ItemStatus.IN_PROGRESS) & Q(token=None, lease_expires_at=None, owner="")),
                name="item_claimed_while_in_progress",
            ),
            models.CheckConstraint(
                condition=Q(status_before="")
                | Q(
                    status_before__in=sorted(WRITTEN), status__in=[ItemStatus.PENDING, ItemStatus.IN_PROGRESS]
                ),
                name="item_written_again_while_unfinished",
            ),
            models.CheckConstraint(
                condition=Q(providers="") | Q(status=ItemStatus.IN_PROGRESS),
                name="item_takes_places_while_in_progress",
            ),
        ]
        indexes = [
            models.Index(
                fields=["session", "number"],
                condition=Q(status=ItemStatus.PENDING, unmet_count=0),
                name="item_startable",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(status=ItemStatus.IN_PROGRESS),
                name="item_in_progress",
            ),
            models.Index(fields=["session", "status"]),
        ]

    def __str__(self) -> str:
        return f"Chapter {self.number}: {self.status}"

    @property
    def is_written_again(self) -> bool:
        """Whether it has a text, and another one is asked for or being written."""
        return self.status_before != ""


class ItemDependency(models.Model):
    """`item` is written after `needs`."""

    item = models.ForeignKey(
        ChapterWorkflowItem, on_delete=models.CASCADE, related_name="needs_rows", db_index=False
    )
    needs = models.ForeignKey(ChapterWorkflowItem, on_delete=models.CASCADE, related_name="needed_by_rows")

    class Meta:
        verbose_name = "dependency"
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["item", "needs"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(item=F("needs")), name="dependency_joins_two_items"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} after {self.needs_id}"
