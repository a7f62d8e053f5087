"""Stores writers' texts so far on their attempts every two seconds, for pages and for the time after a crash."""

import logging
import time
from collections.abc import Iterable
from uuid import UUID

from django.db import Error as AnyDatabaseError
from django.db import connection

from chapterflow_site.core import crash_points
from chapterflow_site.core.outages import little_patience
from workflow.engine.claims import Claim
from workflow.models import Attempt, AttemptOutcome

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 2.0
KEPT_CHARACTERS = 200_000


class Checkpoints:
    """The checkpoints of all attempts that one thread watches: one transaction for all that wrote something new."""

    def __init__(self) -> None:
        self._next = time.monotonic() + CHECKPOINT_SECONDS
        self._kept: dict[UUID, str] = {}
        self._has_warned = False

    def is_due(self) -> bool:
        """Return whether the next checkpoint is due."""
        return time.monotonic() >= self._next

    def keep(self, texts: Iterable[tuple[Claim, str]]) -> None:
        """Store the end of each text, at most 200,000 characters, while its attempt runs.

        Raises no database error: a database that is locked or away costs this checkpoint, not the writing.
        """
        self._next = time.monotonic() + CHECKPOINT_SECONDS
        endings = {claim.token: text[-KEPT_CHARACTERS:] for claim, text in texts}
        new = {token: text for token, text in endings.items() if text and text != self._kept.get(token)}
        if not new:
            return
        try:
            with little_patience(), crash_points.named_commit("checkpoint"):
                for token, text in new.items():
                    # While it runs: a late checkpoint must not touch an attempt that has ended or was taken.
                    running = Attempt.objects.filter(token=token, outcome=AttemptOutcome.RUNNING)
                    running.update(partial_text=text)
        except AnyDatabaseError:
            self._warn_once()
            connection.close()
            return
        # Of attempts that are over nothing is remembered.
        self._kept = {token: text for token, text in {**self._kept, **new}.items() if token in endings}

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning("what is written so far could not be kept; the writing goes on")
