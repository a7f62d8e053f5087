"""Keeps the claims that one thread watches: renews their leases, sees which are lost, stores their texts so far.

All of them together: one statement renews every lease of a process, and one asks which claims still are its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import Error as AnyDatabaseError
from django.db import connection

from workflow.engine.claims import Claim
from workflow.processes import stopping

from .checkpoints import Checkpoints
from .leases import lost_among, renew_all

logger = logging.getLogger(__name__)

# How soon a cancel is seen; each look is a query for each watching thread.
CHECK_SECONDS = 0.5
# One renewal may fail, or come late, without the loss of a claim.
HEARTBEATS_PER_LEASE = 3


class ClaimKeeper:
    """Keeps the claims of the thread that made it; `news` is set, by any thread, where an agent needs that thread."""

    def __init__(self) -> None:
        self.news = threading.Event()
        self._held: dict[UUID, Claim] = {}
        self._texts: dict[UUID, Callable[[], str]] = {}
        self._lost: set[UUID] = set()
        self._is_overdue = False
        self._checkpoints = Checkpoints()
        self._next_check = time.monotonic() + CHECK_SECONDS
        self._next_renewal = time.monotonic() + self._heartbeat

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Keep the claim until the block ends; within a block that keeps it already nothing changes."""
        if claim.token in self._held:
            yield
            return
        self._held[claim.token] = claim
        try:
            yield
        finally:
            del self._held[claim.token]
            self._lost.discard(claim.token)

    @contextmanager
    def storing_text(self, claim: Claim, text: Callable[[], str]) -> Iterator[None]:
        """Store what `text` returns, while the block lasts, as what the claim's attempt has written so far."""
        self._texts[claim.token] = text
        try:
            yield
        finally:
            del self._texts[claim.token]

    def is_lost(self, claim: Claim) -> bool:
        """Return whether the last look found the claim cancelled or taken over."""
        return claim.token in self._lost

    @property
    def must_stop(self) -> bool:
        """Whether the process stops and its grace was over at the last look."""
        return self._is_overdue

    def look(self) -> None:
        """Do what is due of it: renewals, the look for lost claims, checkpoints. Raises no database error."""
        now = time.monotonic()
        if now >= self._next_check:
            self._next_check = now + CHECK_SECONDS
            self._is_overdue = stopping.is_overdue()
            # A renewal is a look too: it changes no row where the claim is lost.
            if now >= self._next_renewal:
                self._next_renewal = now + self._heartbeat
                self._ask(renew_all)
            else:
                self._ask(lost_among)
        if self._texts and self._checkpoints.is_due():
            self._checkpoints.keep([(self._held[token], text()) for token, text in self._texts.items()])

    @property
    def _heartbeat(self) -> float:
        return float(settings.CHAPTERFLOW_LEASE_SECONDS) / HEARTBEATS_PER_LEASE

    def _ask(self, ask: Callable[[list[Claim]], set[UUID]]) -> None:
        """Note the claims of which the database answers that they are not ours; an outage is no answer."""
        held = [claim for token, claim in self._held.items() if token not in self._lost]
        if not held:
            return
        try:
            self._lost |= ask(held)
        except AnyDatabaseError:
            logger.warning("%s: the database does not answer; the writing goes on", _named(held))
            connection.close()


def _named(claims: list[Claim]) -> str:
    others = len(claims) - 1
    return claims[0].label if not others else f"{claims[0].label} and {others} more"
