"""Renews the leases of claims, and finds those that are no longer this worker's."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import QuerySet

from chapterflow_site.core import crash_points
from chapterflow_site.core.clock import database_now
from workflow.engine.claims import Claim, lease_length
from workflow.models import ChapterWorkflowItem, ProcessingSession


def renew(claim: Claim) -> bool:
    """Renew the claim's lease. Returns False where the claim is no longer this worker's.

    Raises a database error in an outage.
    """
    return not renew_all([claim])


def renew_all(claims: Sequence[Claim]) -> set[UUID]:
    """Renew the leases of all claims. Returns the tokens of those that are no longer this worker's.

    Raises a database error in an outage.
    """
    # One UPDATE that names the tokens: it checks and renews at once, so that nothing can come in between. It does not
    # lock the sessions' rows first: while one is locked for long, chapters' workers must not look lost.
    expires = database_now() + lease_length()
    renewed = 0
    with crash_points.around("renew"):
        for rows in _rows_of(claims):
            renewed += rows.update(lease_expires_at=expires)
    return set() if renewed == len(claims) else lost_among(claims)


def is_current(claim: Claim) -> bool:
    """Return whether the claim is still this worker's. Raises a database error in an outage."""
    return not lost_among([claim])


def lost_among(claims: Sequence[Claim]) -> set[UUID]:
    """Return the tokens of the claims that are no longer this worker's. Raises a database error in an outage."""
    kept = {token for rows in _rows_of(claims) for token in rows.values_list("token", flat=True)}
    return {claim.token for claim in claims} - kept


def _rows_of(
    claims: Sequence[Claim],
) -> Iterator[QuerySet[ChapterWorkflowItem] | QuerySet[ProcessingSession]]:
    """Yield the rows that hold these claims: chapters', then phases'."""
    tokens = [claim.token for claim in claims]
    items = [claim.item.pk for claim in claims if claim.item is not None]
    if items:
        yield ChapterWorkflowItem.objects.filter(pk__in=items, token__in=tokens)
    sessions = [claim.session.pk for claim in claims if claim.item is None]
    if sessions:
        yield ProcessingSession.objects.filter(pk__in=sessions, token__in=tokens)
