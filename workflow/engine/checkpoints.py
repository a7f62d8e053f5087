"""Keeps what a writer has written so far on its attempt, every two seconds: for pages, and for what a crash leaves."""

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
    """The checkpoints of one attempt. They cost one UPDATE each, and none where nothing new was written."""

    def __init__(self, claim: Claim) -> None:
        self._held = claim
        self._next = time.monotonic() + CHECKPOINT_SECONDS
        self._kept = ""
        self._has_warned = False

    def is_due(self) -> bool:
        """Return whether it is time to keep what is written."""
        return time.monotonic() >= self._next

    def keep(self, text: str) -> None:
        """Keep the end of `text`, at most 200,000 characters, while the attempt runs.

        Never raises for the database's sake: one that is locked or away costs this checkpoint, not the writing.
        """
        self._next = time.monotonic() + CHECKPOINT_SECONDS
        ending = text[-KEPT_CHARACTERS:]
        if not ending or ending == self._kept:
            return
        running = Attempt.objects.filter(
            pk=self._held.attempt.pk, token=self._held.token, outcome=AttemptOutcome.RUNNING
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
            logger.warning("%s: what is written so far could not be kept; it goes on", self._held.label)


@contextmanager
def little_patience() -> Iterator[None]:
    """Wait half a second for SQLite's lock, not a minute: whoever watches the writer has other things to see to."""
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
