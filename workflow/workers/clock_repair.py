"""Shortens waits and leases to their intended length after the database's clock was set back."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Max, QuerySet

from chapterflow_site.core import crash_points
from chapterflow_site.core.clock import CLOCKS_DIFFER_SECONDS, database_now
from workflow.contract.states import ItemStatus
from workflow.models import Attempt, ChapterWorkflowItem, ProcessingSession, Provider

logger = logging.getLogger(__name__)


def keep_lengths() -> None:
    """Start waits and leases again, from now, whose start lies in the future: chapters', phases' and providers'.

    A clock that was set back by a day would make each of them a day longer. Each keeps the length that it had; rows
    that are in order are not touched.
    """
    with crash_points.named_commit("keep_lengths"):
        now = database_now()
        ahead = now + timedelta(seconds=CLOCKS_DIFFER_SECONDS)
        # Sessions' rows first, as in every transaction: two that lock in different orders wait for each other for ever.
        sessions, items = ProcessingSession.objects, ChapterWorkflowItem.objects
        mended = _keep_of_phases(now, ahead)
        _keep_leases(sessions.filter(token__isnull=False), now, ahead)
        mended += _keep_of_chapters(now, ahead)
        _keep_leases(items.filter(status=ItemStatus.IN_PROGRESS), now, ahead)
        mended += _keep_of_providers(now, ahead)
    if mended:
        logger.warning("the clock was set back: %d waits begin again", mended)


def _keep_of_chapters(now: datetime, ahead: datetime) -> int:
    waiting = ChapterWorkflowItem.objects.filter(
        status=ItemStatus.PENDING, next_attempt_at__isnull=False, finished_at__gt=ahead
    )
    mended = 0
    for pk, began, until in list(waiting.values_list("pk", "finished_at", "next_attempt_at")):
        assert began is not None
        assert until is not None
        # Compare-and-set: a worker may have claimed the chapter, or a person retried it, since it was read.
        mended += waiting.filter(pk=pk, next_attempt_at=until).update(
            next_attempt_at=now + (until - began), finished_at=now, row_version=F("row_version") + 1
        )
    return mended


def _keep_of_phases(now: datetime, ahead: datetime) -> int:
    """Start phases' waits again; such a wait began when the phase's newest attempt ended."""
    waiting = ProcessingSession.objects.filter(next_attempt_at__gt=ahead, token=None)
    mended = 0
    for pk, until in list(waiting.values_list("pk", "next_attempt_at")):
        attempts = Attempt.objects.filter(session=pk, item=None)
        began = attempts.aggregate(newest=Max("finished_at"))["newest"]
        if until is None or began is None or began <= ahead:
            continue
        mended += waiting.filter(pk=pk, next_attempt_at=until).update(next_attempt_at=now + (until - began))
    return mended


def _keep_of_providers(now: datetime, ahead: datetime) -> int:
    cooling = Provider.objects.filter(rate_limited_at__gt=ahead)
    mended = 0
    for name, began, until in list(cooling.values_list("pk", "rate_limited_at", "cooling_until")):
        later = now + (until - began) if until and began else None
        mended += cooling.filter(pk=name, cooling_until=until).update(
            cooling_until=later, rate_limited_at=now
        )
    return mended


def _keep_leases(
    claimed: "QuerySet[ProcessingSession] | QuerySet[ChapterWorkflowItem]", now: datetime, ahead: datetime
) -> None:
    """Let leases that end too late end one lease length from now: a lost worker must not keep its chapter so long."""
    length = timedelta(seconds=settings.CHAPTERFLOW_LEASE_SECONDS)
    claimed.filter(lease_expires_at__gt=ahead + length).update(lease_expires_at=now + length)
