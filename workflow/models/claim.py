"""What a worker's claim on a chapter, or on a session's phase, looks like in the database."""

from django.db import models


class ClaimColumns(models.Model):
    """A worker's claim on a thing: who has it, until when, under which token. All unset: nobody has it.

    `owner` is `run:pid:process start time`. `attempt_count` counts attempts for ever, `retry_count` failed
    ones since the last person's retry, `lost_count` workers that were lost since then.
    `rate_limited_at` is when the present series of rate limits began; `wait_count` counts for ever the attempts that
    only found that the provider asked to slow down, and that count as no failed ones.
    """

    owner = models.CharField(max_length=100, blank=True, editable=False)
    token = models.UUIDField(null=True, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempt_count = models.PositiveIntegerField(default=0, editable=False)
    retry_count = models.PositiveIntegerField(default=0, editable=False)
    lost_count = models.PositiveIntegerField(default=0, editable=False)
    wait_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True, editable=False)
    rate_limited_at = models.DateTimeField(null=True, blank=True, editable=False)
    error_code = models.CharField(max_length=40, blank=True, editable=False)
    error_message = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True
