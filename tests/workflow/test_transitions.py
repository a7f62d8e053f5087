"""The one writer of status keeps the table, counts, and numbers its events."""

import itertools
import uuid
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from tests.workflow.sessions import item, new_session
from workflow.contract.events import EventKind
from workflow.contract.states import ITEM_MOVES, SESSION_MOVES, ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem, Event, ProcessingSession
from workflow.transitions import NO_CLAIM, IllegalMove, LostRace, on_committed, session_transaction

CLAIMED = {"owner": "run:1:1", "lease_expires_at": timezone.now()}


def columns_of(status: ItemStatus) -> dict[str, object]:
    if status == ItemStatus.IN_PROGRESS:
        return {**CLAIMED, "token": uuid.uuid4()}
    return dict(NO_CLAIM)


def in_status(session: ProcessingSession, status: ItemStatus) -> ChapterWorkflowItem:
    """Put chapter 1 into a status without the engine; the counters follow."""
    ChapterWorkflowItem.objects.filter(session=session, number=1).update(status=status, **columns_of(status))
    written = status in {"generated", "harmonized", "completed"}
    ProcessingSession.objects.filter(pk=session.pk).update(
        written_count=int(written),
        harmonized_count=int(status in {"harmonized", "completed"}),
        failed_count=int(status == "failed"),
    )
    return item(session, 1)


@pytest.mark.parametrize(("origin", "to"), list(itertools.product(ItemStatus, ItemStatus)))
def test_item_moves_by_the_table_only(person: User, origin: ItemStatus, to: ItemStatus) -> None:
    session = new_session(person, 2)
    chapter = in_status(session, origin)
    before = Event.objects.count()

    def move() -> None:
        with session_transaction(session.pk) as tx:
            tx.move_item(chapter, to, EventKind.CHAPTER_CLAIMED, changes=columns_of(to))

    if (origin, to) in ITEM_MOVES:
        move()
        event = session.events.latest("seq")
        assert (event.from_status, event.to_status, Event.objects.count()) == (origin, to, before + 1)
    else:
        with pytest.raises(IllegalMove):
            move()
        assert Event.objects.count() == before
        assert item(session, 1).status == origin


@pytest.mark.parametrize(("origin", "to"), list(itertools.product(SessionStatus, SessionStatus)))
def test_session_moves_by_the_table_only(person: User, origin: SessionStatus, to: SessionStatus) -> None:
    session = new_session(person, 1)
    ProcessingSession.objects.filter(pk=session.pk).update(status=origin)
    before = Event.objects.count()

    def move() -> None:
        with session_transaction(session.pk) as tx:
            tx.move_session(to, EventKind.SESSION_STARTED)

    if (origin, to) in SESSION_MOVES:
        move()
        session.refresh_from_db()
        assert (session.status, Event.objects.count()) == (to, before + 1)
    else:
        with pytest.raises(IllegalMove):
            move()
        session.refresh_from_db()
        assert (session.status, Event.objects.count()) == (origin, before)


def test_move_of_a_row_that_changed_since_is_lost(person: User) -> None:
    session = new_session(person, 1)
    stale = item(session, 1)
    in_status(session, ItemStatus.FAILED)

    with pytest.raises(LostRace), session_transaction(session.pk) as tx:
        tx.move_item(
            stale,
            ItemStatus.IN_PROGRESS,
            EventKind.CHAPTER_CLAIMED,
            changes=columns_of(ItemStatus.IN_PROGRESS),
        )

    assert item(session, 1).status == ItemStatus.FAILED


def test_move_under_another_token_is_lost(person: User) -> None:
    session = new_session(person, 1)
    chapter = in_status(session, ItemStatus.IN_PROGRESS)
    with pytest.raises(LostRace), session_transaction(session.pk) as tx:
        tx.move_item(
            chapter, ItemStatus.GENERATED, EventKind.CHAPTER_GENERATED, token=uuid.uuid4(), changes=NO_CLAIM
        )

    assert item(session, 1).status == ItemStatus.IN_PROGRESS


def test_nothing_is_stored_when_the_transaction_breaks(person: User) -> None:
    session = new_session(person, 1)
    before = session.events.count()

    with pytest.raises(ZeroDivisionError), session_transaction(session.pk) as tx:
        tx.record(EventKind.SESSION_PAUSED)
        raise ZeroDivisionError

    session.refresh_from_db()
    assert (session.events.count(), session.event_seq) == (before, before)


def test_notification_is_sent_after_the_commit_only(
    person: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    session = new_session(person, 1)
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "workflow.notify.local.send_events", lambda session_id, seq: sent.append((session_id, seq))
    )

    with django_capture_on_commit_callbacks() as callbacks:
        with transaction.atomic(), session_transaction(session.pk) as tx:
            tx.record(EventKind.SESSION_PAUSED)
        before_commit = list(sent)
    for callback in callbacks:
        callback()

    session.refresh_from_db()
    assert before_commit == []
    assert sent == [(str(session.pk), session.event_seq)]


def test_each_consumer_hears_of_the_events_of_a_commit(
    person: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    session = new_session(person, 1)
    heard: list[tuple[uuid.UUID, list[str]]] = []
    monkeypatch.setattr("workflow.transitions._Hooks.consumers", [])

    def broken(session_id: uuid.UUID, events: Sequence[Event]) -> None:
        raise OSError("nobody listens")

    on_committed(broken)
    on_committed(lambda session_id, events: heard.append((session_id, [event.kind for event in events])))

    with django_capture_on_commit_callbacks(execute=True), session_transaction(session.pk) as tx:
        tx.record(EventKind.SESSION_PAUSED)
        tx.record(EventKind.SESSION_RESUMED)

    assert heard == [(session.pk, ["session_paused", "session_resumed"])]
