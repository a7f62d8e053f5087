"""Stores a writer's text so far on its attempt every two seconds, for pages and for the time after a crash."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as AnyDatabaseError
from django.db import connection

from chapterflow_site.core import crash_points
from workflow.models import Attempt, AttemptOutcome

from .claims import Claim

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 2.0
KEPT_CHARACTERS = 200_000
PATIENCE_MILLISECONDS = 500


class Checkpoints:
    """The checkpoints of one attempt: one UPDATE each, and none where nothing new was written."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._next = time.monotonic() + CHECKPOINT_SECONDS
        self._kept = ""
        self._has_warned = False

    def is_due(self) -> bool:
        """Return whether the next checkpoint is due."""
        return time.monotonic() >= self._next

    def keep(self, text: str) -> None:
        """Store the end of `text`, at most 200,000 characters, while the attempt runs.

        Raises no database error: a database that is locked or away costs this checkpoint, not the writing.
        """
        self._next = time.monotonic() + CHECKPOINT_SECONDS
        ending = text[-KEPT_CHARACTERS:]
        if not ending or ending == self._kept:
            return
        # Under the token and while it runs: a late checkpoint must not touch an attempt that has ended or was taken.
        running = Attempt.objects.filter(
            pk=self._claim.attempt.pk, token=self._claim.token, outcome=AttemptOutcome.RUNNING
        )
        try:
            with little_patience(), crash_points.around("checkpoint"):
                running.update(partial_text=ending)
        except AnyDatabaseError:
            self._warn_once()
            connection.close()
            return
        self._kept = ending

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning("%s: what is written so far could not be kept; it goes on", self._claim.label)


@contextmanager
def little_patience() -> Iterator[None]:
    """Wait half a second for SQLite's lock instead of the usual time, so that the watching thread renews its lease."""
    # Only SQLite has one lock for all that is written.
    if connection.vendor != "sqlite":
        yield
        return
    usual = round(float(connection.settings_dict["OPTIONS"].get("timeout", 5)) * 1000)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MILLISECONDS}")
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
