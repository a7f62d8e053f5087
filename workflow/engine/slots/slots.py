"""Counts the slots of the model providers: how many chapters each may write at once, and which sessions wait.

All workers of the installation share them. Before anything is counted, all rows of `Provider` are locked, in the
order of their names and after the session's row: in any other order two workers could wait for each other for ever.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet

from workflow.agents.providers import ALL, backends_of, joined, limit_of, split
from workflow.contract.events import EventKind
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem, ProcessingSession, Provider
from workflow.transitions import SessionTransaction

# Where the installation sets no limit, a provider that once asked to slow down has none again from here on.
HIGHEST_CEILING = 32
ENDLESS = 1_000_000


@dataclass(frozen=True)
class Slot:
    """Room for one more chapter: by `writer`, whose models are not full, with a slot of each of `providers`."""

    writer: str
    providers: str = ""


@dataclass(frozen=True)
class Refusal:
    """No room for a chapter: each of `providers` is at its limit, or has asked to be left alone."""

    providers: tuple[str, ...]


class ProviderSlots:
    """The slots of all providers at `now`. Made by `locked`, they stay so until the transaction ends."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.rows = {row.name: row for row in Provider.objects.order_by("name")}

    @classmethod
    def locked(cls, now: datetime, names: Iterable[str] = ()) -> "ProviderSlots":
        """Return the slots with all providers locked; each of `names` gets a row, so that there is one to lock."""
        # Without `__init__`, which would read the rows unlocked.
        slots = cls.__new__(cls)
        slots.now = now
        rows = Provider.objects.select_for_update().order_by("name")
        slots.rows = {row.name: row for row in rows}
        missing = [name for name in sorted(set(names)) if name not in slots.rows]
        # Two workers may add the same provider at once: the second one ignores its own and locks the first one's.
        if missing:
            Provider.objects.bulk_create([Provider(name=name) for name in missing], ignore_conflicts=True)
            slots.rows = {row.name: row for row in rows.all()}
        return slots

    def free(self, name: str) -> int:
        """Return how many more chapters may be begun with the provider."""
        if self.cooling_until(name):
            return 0
        most = self.most(name)
        return ENDLESS if most is None else max(0, most - self.running[name])

    def most(self, name: str) -> int | None:
        """Return how many chapters may be written with the provider at once; None where nothing limits it."""
        row = self.rows.get(name)
        return row.most if row else limit_of(name)

    def cooling_until(self, name: str) -> datetime | None:
        """Return until when the provider must be left alone; None where it need not be."""
        row = self.rows.get(name)
        until = row.cooling_until if row else None
        return until if until and until > self.now else None

    @cached_property
    def running(self) -> Counter[str]:
        """How many chapters are being written with each provider."""
        # Counted, not kept as a number: a number would be wrong for ever after one crash between two changes.
        written = ChapterWorkflowItem.objects.filter(status=ItemStatus.IN_PROGRESS).exclude(providers="")
        columns = written.order_by().values_list("providers", flat=True)
        return Counter(name for column in columns for name in split(column))


def find_slot(tx: SessionTransaction, writer: str) -> Slot | Refusal:
    """Return the slot for one more chapter by `writer`, or a Refusal. Of a list of models, full ones are left out.

    Sessions that have waited longer come first. Asks the database nothing where the writer calls no provider.
    """
    backends = backends_of(writer)
    if not backends:
        return Slot(writer)
    shared = [ALL] if limit_of(ALL) is not None else []
    names = [*shared, *(backend.provider for backend in backends)]
    slots = ProviderSlots.locked(tx.now, [name for name in names if limit_of(name) is not None])
    with_room = _with_a_slot(tx, slots, names)
    if shared and ALL not in with_room:
        return Refusal((ALL,))
    usable = [backend for backend in backends if backend.provider in with_room]
    if not usable:
        return Refusal(tuple(dict.fromkeys(backend.provider for backend in backends)))
    models = writer if len(usable) == len(backends) else ",".join(backend.writer for backend in usable)
    return Slot(models, joined([*shared, *(backend.provider for backend in usable)]))


def _with_a_slot(tx: SessionTransaction, slots: ProviderSlots, names: Iterable[str]) -> set[str]:
    """Return the providers with more free slots than sessions that came before and wait for them."""
    free = {name: slots.free(name) for name in names}
    if any(0 < count < ENDLESS for count in free.values()):
        for waiting in _before(tx.session):
            for name in split(waiting):
                free[name] = free.get(name, 0) - 1
    return {name for name, count in free.items() if count > 0}


def waiting_for_slot() -> QuerySet[ProcessingSession]:
    """Return the sessions that wait for a slot and could take it, in the order in which they came."""
    waiting = ProcessingSession.objects.filter(held_back_at__isnull=False, paused_at=None)
    return waiting.filter(status=SessionStatus.PROCESSING).order_by("held_back_at", "pk")


def _before(session: ProcessingSession) -> list[str]:
    """Return for which providers each session waits that came before this one."""
    others = waiting_for_slot().exclude(pk=session.pk)
    since = session.held_back_at
    if since is not None:
        others = others.filter(Q(held_back_at__lt=since) | Q(held_back_at=since, pk__lt=session.pk))
    return list(others.values_list("held_back_by", flat=True))


def wait_for_slot(tx: SessionTransaction, refusals: Iterable[Refusal]) -> None:
    """Put the session into the line for these providers; one that stands there keeps its position."""
    session = tx.session
    names = [name for refusal in refusals for name in refusal.providers]
    if session.held_back_by != joined(names):
        tx.change(held_back_by=joined(names))
    if session.held_back_at is not None:
        return
    tx.change(held_back_at=tx.now)
    # One that still writes others is only slower than it could be: an Event would be noise.
    if not session.items.filter(status=ItemStatus.IN_PROGRESS).exists():
        tx.record(EventKind.HELD_BACK, detail={"providers": sorted(set(names))})


def let_go(tx: SessionTransaction) -> None:
    """Take the session out of the line."""
    if tx.session.held_back_at is not None:
        tx.change(held_back_at=None, held_back_by="")


def slow_down(tx: SessionTransaction, waits: Mapping[str, timedelta]) -> None:
    """Leave each provider alone for its wait, in all workers, and halve how many chapters it may write at once.

    A longer wait that is there stays. Several workers that ran into one limit halve it once.
    """
    if not waits:
        return
    slots = ProviderSlots.locked(tx.now, waits)
    for name, wait in sorted(waits.items()):
        row = slots.rows[name]
        # A provider that cools already was halved by the first worker that ran into the limit.
        if not slots.cooling_until(name):
            bounds = (slots.most(name), (slots.running[name] + 1) // 2)
            row.ceiling = max(1, min(bound for bound in bounds if bound is not None))
            row.rate_limited_at = tx.now
        row.cooling_until = max(row.cooling_until or tx.now, tx.now + wait)
        row.save(update_fields=["ceiling", "cooling_until", "rate_limited_at"])


def speed_up(tx: SessionTransaction, names: Iterable[str]) -> None:
    """Allow each provider one more chapter at once after a success, until its limit is as before."""
    # Most of the time none is slowed down: then one small query, and no lock.
    if not Provider.objects.filter(name__in=list(names), ceiling__isnull=False).exists():
        return
    slots = ProviderSlots.locked(tx.now)
    for name in names:
        row = slots.rows.get(name)
        if row is not None and row.ceiling is not None and not slots.cooling_until(name):
            higher = row.ceiling + 1
            row.ceiling = higher if higher < (limit_of(name) or HIGHEST_CEILING) else None
            row.save(update_fields=["ceiling"])
