"""What calls of models came to: the sums that an attempt and its session keep."""

from django.db import models


class Spending(models.Model):
    """Sums over calls of models. Money is in millionths of a US dollar, tokens sent include those from a cache.

    A call whose server reported nothing counts by our own estimate, and in `unreported_count`; one without a known
    price counts nothing in `spent_micros`, and one in `unpriced_count`.
    """

    call_count = models.PositiveIntegerField(default=0, editable=False)
    input_tokens = models.PositiveBigIntegerField(default=0, editable=False)
    output_tokens = models.PositiveBigIntegerField(default=0, editable=False)
    cached_tokens = models.PositiveBigIntegerField(default=0, editable=False)
    spent_micros = models.PositiveBigIntegerField(default=0, editable=False)
    unreported_count = models.PositiveIntegerField(default=0, editable=False)
    unpriced_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class Budget(models.Model):
    """What a session may spend; None is no limit. What is reserved is promised to calls that have not ended.

    `refused_micros` and `refused_tokens` are what the call might have come to for which the session was paused.
    """

    budget_micros = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    budget_tokens = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    reserved_micros = models.PositiveBigIntegerField(default=0, editable=False)
    reserved_tokens = models.PositiveBigIntegerField(default=0, editable=False)
    refused_micros = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    refused_tokens = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True
