"""Attempts and events: the history of a session."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from workflow.contract.states import Phase

from .item import ChapterWorkflowItem
from .session import ProcessingSession
from .spending import Spending


class AttemptOutcome(models.TextChoices):
    """How an attempt ended."""

    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    WAITED = "waited", "Waited for the provider"
    LOST = "lost", "Worker lost"
    STOPPED = "stopped", "Stopped"
    CANCELLED = "cancelled", "Cancelled"


class Attempt(Spending):
    """One try at a chapter, or at a session's harmonizing or questions (then `item` is null).

    `context` says what the writer was given and what was left out; `partial_text` what it has written so far,
    kept where it ends otherwise than well; `usage` is what the agent reported, and before the end what calls of a
    model were let pass.
    """

    session = models.ForeignKey(ProcessingSession, on_delete=models.CASCADE, related_name="attempts")
    item = models.ForeignKey(
        ChapterWorkflowItem,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attempts",
        db_index=False,
    )
    phase = models.CharField(max_length=12, choices=[(p.value, p.value.capitalize()) for p in Phase])
    number = models.PositiveIntegerField()
    agent = models.CharField(max_length=200)
    owner = models.CharField(max_length=100)
    token = models.UUIDField(unique=True, editable=False)
    outcome = models.CharField(max_length=10, choices=AttemptOutcome, default=AttemptOutcome.RUNNING)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    partial_text = models.TextField(blank=True)
    context = models.JSONField(default=dict, blank=True)
    usage = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["session", "started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "number"],
                condition=Q(item__isnull=False),
                name="attempt_number_once_per_item",
            )
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.outcome}"


class Event(models.Model):
    """What happened to a session. Append-only; `seq` is 1, 2, 3 … within it, without gaps."""

    session = models.ForeignKey(
        ProcessingSession, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    item = models.ForeignKey(
        ChapterWorkflowItem, on_delete=models.CASCADE, null=True, blank=True, related_name="events"
    )
    from_status = models.CharField(max_length=12, blank=True)
    to_status = models.CharField(max_length=12, blank=True)
    attempt = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["session", "seq"]
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="event_seq_once_per_session")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.kind}"
