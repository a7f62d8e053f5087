"""Checking the connection to a writer, in a process of its own (docs/decisions/0010)."""

import json
import logging
import subprocess
import sys
import threading

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.db import connection

from chapterflow_site.core.exceptions import Conflict, TooSoon
from workflow.agents.checkup import Report, check_backends, reports_of
from workflow.agents.orchestrator import QUOTATIONS, check_allowed

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 10
# The check itself ends after 15 s; the rest is for starting a process and loading a provider's package.
PROCESS_SECONDS = 30
_places = threading.BoundedSemaphore(2)


def check_writer(writer: str, *, actor: AbstractBaseUser) -> list[Report]:
    """Check a writer that this installation allows: one report for each of its models. Waits up to PROCESS_SECONDS.

    Raises Invalid for one that is not allowed, TooSoon within SECONDS_BETWEEN of the same person’s last check (each
    costs a few tokens), Conflict where others are checking or the check itself broke.
    """
    check_allowed(writer)
    if writer == QUOTATIONS:
        return check_backends(writer)
    if not cache.add(f"check-writer-{actor.pk}", True, SECONDS_BETWEEN):
        raise TooSoon(
            "checked_just_now", f"You checked a moment ago. Try again in {SECONDS_BETWEEN} seconds."
        )
    if not _places.acquire(blocking=False):
        raise Conflict(
            "others_check", "Others are checking their connections now. Try again in a few seconds."
        )
    try:
        # No connection to the database waits for a model.
        if not connection.in_atomic_block:
            connection.close()
        return _reports(_output_of(writer))
    finally:
        _places.release()


def _output_of(writer: str) -> bytes:
    """Return what the command prints, also of one that has said all and cannot end."""
    try:
        done = subprocess.run(_command(writer), capture_output=True, timeout=PROCESS_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as late:
        return late.stdout or b""
    if done.returncode not in (0, 1):
        logger.warning("the check of a writer ended with status %s", done.returncode)
    return done.stdout


def _command(writer: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "check_writer", "--json", "--", writer]


def _reports(output: bytes) -> list[Report]:
    try:
        return reports_of(json.loads(output))
    except ValueError:
        raise Conflict(
            "check_broke", "The check itself could not be made in time. Try again in a minute."
        ) from None
