"""Workers, reapers, the pacemaker and impatient people at the same time: the contract holds at the end."""

import random
import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chapterflow_site.core.exceptions import Conflict
from tests.workflow.engine.test_concurrency import together
from tests.workflow.sessions import kinds, let_waits_pass, new_session, statuses
from workflow.actions import cancel_session, pause_session, resume_session, retry_session, start_session
from workflow.contract.states import WRITTEN
from workflow.engine import advance
from workflow.models import ItemDependency, ProcessingSession
from workflow.workers import recovery

pytestmark = pytest.mark.django_db(transaction=True)

CHAPTERS = 10


def finish(session: ProcessingSession, person: User) -> None:
    """Let a calm person and one worker bring the session to its end."""
    resume_session_if_paused(session, person)
    for _ in range(20):
        let_waits_pass(session)
        session.items.filter(lease_expires_at__isnull=False).update(lease_expires_at=timezone.now())
        recovery.reclaim_expired(timedelta(seconds=-1))
        advance(session.pk)
        session.refresh_from_db()
        if session.status == "failed":
            retry_session(session, actor=person)


def resume_session_if_paused(session: ProcessingSession, person: User) -> None:
    session.refresh_from_db()
    if session.status == "cancelled":
        start_session(session.version, actor=person)
    elif session.paused_at:
        resume_session(session, actor=person)


@pytest.mark.parametrize("after", [None, {}, {4: [1, 2], 5: [4], 9: [3, 8], 10: [9]}])
def test_contract_holds_whatever_happens_at_once(control: Path, after: dict[int, list[int]] | None) -> None:
    person = User.objects.create_user("emm")
    session = new_session(person, CHAPTERS, after=after, writer="python:tests.writers:failing")
    over = threading.Event()

    def work() -> None:
        for _ in range(8):
            advance(session.pk)

    def reap() -> None:
        for _ in range(6):
            # Leases end while their workers are well: the most impatient reaper.
            with suppress(recovery.HeldUp):
                recovery.reclaim_expired(timedelta(seconds=-60))
            recovery.wake_due()
            over.wait(0.02)

    def meddle() -> None:
        acts = [pause_session, resume_session, cancel_session, retry_session]
        for _ in range(12):
            try:
                random.choice(acts)(session, actor=person)
                start_session(session.version, actor=person)
            except Conflict:
                over.wait(0.01)

    together([work, work, work, reap, meddle])
    finish(session, person)

    session.refresh_from_db()
    assert (session.status, statuses(session)) == ("completed", ["completed"] * CHAPTERS)
    assert (session.written_count, session.harmonized_count, session.failed_count) == (10, 10, 0)
    assert not session.attempts.filter(outcome="running").exists()
    assert Counter(kinds(session))["chapter_generated"] == CHAPTERS
    assert list(session.items.values_list("unmet_count", flat=True)) == [0] * CHAPTERS
    numbers = list(session.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, session.event_seq + 1))
    written = dict(session.events.filter(kind="chapter_generated").values_list("item", "seq"))
    for item, needs in ItemDependency.objects.filter(item__session=session).values_list("item", "needs"):
        assert written[needs] < written[item]
    assert set(WRITTEN) >= set(statuses(session))
