"""Wakes the sessions that wait for a slot with a model provider, in the order in which they came."""

from collections.abc import Iterator
from uuid import UUID

from chapterflow_site.core.clock import database_now
from workflow.agents.providers import split
from workflow.models import ProcessingSession
from workflow.transitions import session_transaction

from .slots import ProviderSlots, waiting_for_slot


def sessions_for_slots() -> Iterator[UUID]:
    """Yield the sessions for which there is a slot now, in the order in which they came; each takes one."""
    waiting = list(waiting_for_slot())
    if not waiting:
        return
    # Without a lock: this only wakes. The session that wakes looks again, under the lock, before it takes a slot.
    slots = ProviderSlots(database_now())
    free = {name: slots.free(name) for session in waiting for name in split(session.held_back_by)}
    for session in waiting:
        name = next((name for name in split(session.held_back_by) if free[name] > 0), None)
        if name is not None:
            free[name] -= 1
            yield session.pk


def wake_next() -> None:
    """Queue a wake-up of each session for which there is a slot now, earlier than the pacemaker would."""
    for session_id in list(sessions_for_slots()):
        try:
            with session_transaction(session_id, "wake_next") as tx:
                if tx.session.held_back_at is not None:
                    tx.wake()
        except ProcessingSession.DoesNotExist:
            continue
