"""Wakes the sessions that wait for a place with a model provider, when it is their turn."""

from collections.abc import Iterator
from uuid import UUID

from chapterflow_site.core.clock import database_now
from workflow.agents.providers import split
from workflow.models import ProcessingSession
from workflow.transitions import session_transaction

from .slots import ProviderSlots, waiting_for_slot


def sessions_for_slots() -> Iterator[UUID]:
    """Return the sessions for which there is a place now, in the order of their turns; each takes one."""
    waiting = list(waiting_for_slot())
    if not waiting:
        return
    slots = ProviderSlots(database_now())
    free = {name: slots.free(name) for session in waiting for name in split(session.held_back_by)}
    for session in waiting:
        name = next((name for name in split(session.held_back_by) if free[name] > 0), None)
        if name is not None:
            free[name] -= 1
            yield session.pk


def wake_next() -> None:
    """Queue a wake-up of each session whose turn it is, as soon as a place is free; the pacemaker does it otherwise."""
    for session_id in list(sessions_for_slots()):
        try:
            with session_transaction(session_id, "wake_next") as tx:
                if tx.session.held_back_at is not None:
                    tx.wake()
        except ProcessingSession.DoesNotExist:
            continue
