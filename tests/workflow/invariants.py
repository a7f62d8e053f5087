"""What holds of a session at every moment, whatever was killed: each broken rule as a sentence."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from workflow.agents.providers import split
from workflow.contract.events import EventKind
from workflow.contract.states import (
    ITEM_MOVES,
    SESSION_MOVES,
    UNFINISHED,
    WRITTEN,
    ItemStatus,
    OnFailure,
    SessionStatus,
)
from workflow.engine.slots.slot_queue import sessions_for_slots
from workflow.engine.slots.slots import ProviderSlots
from workflow.models import AttemptOutcome, ChapterWorkflowItem, ProcessingSession
from workflow.workers.recovery import sessions_with_work_due

LATER = {ItemStatus.HARMONIZED, ItemStatus.COMPLETED}


def broken(session: ProcessingSession) -> list[str]:
    """Return a sentence for each invariant that the session, read anew, does not keep."""
    session = ProcessingSession.objects.get(pk=session.pk)
    items = list(session.items.order_by("number"))
    rules = (_events, _counters, _claims, _texts, _needs)
    found = [sentence for rule in rules for sentence in rule(session, items)]
    return [*found, *_goes_on(session, items), *_progress(session)]


def _events(session: ProcessingSession, items: list[ChapterWorkflowItem]) -> Iterator[str]:
    """Numbers without gaps; every move by the table, each from where the last one had led."""
    events = list(session.events.order_by("seq"))
    if [event.seq for event in events] != list(range(1, session.event_seq + 1)):
        yield f"event numbers have gaps: {[event.seq for event in events]}"
    stands: dict[int | None, str] = {item.pk: ItemStatus.PENDING.value for item in items}
    stands[None] = SessionStatus.INITIALIZED.value
    for event in events:
        if event.to_status:
            move, moves = (event.from_status, event.to_status), ITEM_MOVES if event.item_id else SESSION_MOVES
            if move not in moves or stands[event.item_id] != event.from_status:
                yield f"event {event.seq} moves {move} from {stands[event.item_id]}"
            stands[event.item_id] = event.to_status
    told = {None: session.status} | {item.pk: item.status for item in items}
    if told != stands:
        yield f"the events end in {stands}, the rows say {told}"


def _counters(session: ProcessingSession, items: list[ChapterWorkflowItem]) -> Iterator[str]:
    counted = (
        sum(item.status in WRITTEN for item in items),
        sum(item.status in LATER for item in items),
        sum(item.status == ItemStatus.FAILED for item in items),
        len(items),
    )
    kept = (session.written_count, session.harmonized_count, session.failed_count, session.total_chapters)
    if counted != kept:
        yield f"counters {kept}, counted {counted}"


def _claims(session: ProcessingSession, items: list[ChapterWorkflowItem]) -> Iterator[str]:
    """One current claim at most on each thing, whole, with its one running attempt; no attempt runs without one."""
    for item in items:
        whole = item.token is not None and item.lease_expires_at is not None and item.owner != ""
        empty = item.token is None and item.lease_expires_at is None and item.owner == ""
        if not (whole if item.status == ItemStatus.IN_PROGRESS else empty):
            yield f"chapter {item.number} is {item.status} with a claim that does not fit"
    if (session.token is None) != (session.lease_expires_at is None):
        yield "the session's claim is not whole"
    running = sorted(
        str(token)
        for token in session.attempts.filter(outcome=AttemptOutcome.RUNNING).values_list("token", flat=True)
    )
    held = sorted(str(each.token) for each in (*items, session) if each.token)
    if running != held:
        yield f"running attempts {running}, claims {held}"


def _texts(session: ProcessingSession, items: list[ChapterWorkflowItem]) -> Iterator[str]:
    """A chapter has a text exactly when its item says so, and one by a writer for each time that it was asked for."""
    counted = session.items.annotate(
        texts=Count("chapter__revisions", filter=Q(chapter__revisions__origin="writer"), distinct=True),
        again=Count("events", filter=Q(events__kind=EventKind.CHAPTER_REGENERATED), distinct=True),
    )
    for row in counted.select_related("chapter"):
        has_text = row.status in WRITTEN or row.is_written_again
        current = row.chapter.current_revision_id
        if row.texts != has_text + row.again or (current is not None) != has_text:
            yield f"chapter {row.number} is {row.status} with {row.texts} texts, the current one {current}"
    asked = session.events.filter(kind=EventKind.REGENERATION_REQUESTED).count()
    again = session.events.filter(kind=EventKind.CHAPTER_REGENERATED).count()
    texts = sum(item.status in WRITTEN or item.is_written_again for item in items) + again
    if again > asked:
        yield f"{again} chapters were written again, {asked} were asked for"
    succeeded = session.attempts.filter(outcome=AttemptOutcome.SUCCEEDED, item__isnull=False).count()
    if succeeded != texts:
        yield f"{succeeded} attempts wrote {texts} texts"


def _needs(session: ProcessingSession, items: list[ChapterWorkflowItem]) -> Iterator[str]:
    """Nothing waits for what is done, and nothing is written before what it depends on has a text."""
    status = {item.pk: item.status for item in items}
    has_text = {item.pk for item in items if item.status in WRITTEN or item.is_written_again}
    met = WRITTEN | ({ItemStatus.FAILED} if session.on_failure == OnFailure.SKIP else frozenset())
    for item in items:
        needed = list(item.needs_rows.values_list("needs_id", flat=True))
        unmet = sum(status[each] not in met for each in needed)
        if item.unmet_count != unmet:
            yield f"chapter {item.number} waits for {item.unmet_count}, {unmet} are not written"
        # Under *skip* a failed one may be tried again behind the back of those that went on without it.
        is_early = session.on_failure == OnFailure.HOLD and not has_text.issuperset(needed)
        if is_early and item.status not in {ItemStatus.PENDING, ItemStatus.FAILED}:
            yield f"chapter {item.number} is {item.status} before what it depends on"


def _goes_on(session: ProcessingSession, items: list[ChapterWorkflowItem]) -> Iterator[str]:
    """An unfinished session is paused, held by a worker, woken, about to be woken, or waits for a time."""
    if session.status not in UNFINISHED or session.paused_at or session.woken_at or session.token:
        return
    now = timezone.now()
    waits = [
        item.next_attempt_at for item in items if item.status == ItemStatus.PENDING and not item.unmet_count
    ]
    if any(item.status == ItemStatus.IN_PROGRESS for item in items):
        return
    if _is_later(now, *waits, session.next_attempt_at) or session.pk in set(sessions_with_work_due(now)):
        return
    if session.held_back_at and _has_a_turn(session, now):
        return
    yield f"the session is {session.status}, and nothing will ever wake it"


def _has_a_turn(session: ProcessingSession, now: datetime) -> bool:
    """Whether it says for whom it waits, and each of those is taken or cooling, or somebody is woken for the place."""
    rooms, names = ProviderSlots(now), split(session.held_back_by)
    return bool(names) and (not any(map(rooms.free, names)) or any(sessions_for_slots()))


def _is_later(now: datetime, *times: datetime | None) -> bool:
    return any(each is not None and each > now for each in times)


def _progress(session: ProcessingSession) -> Iterator[str]:
    if (session.progress_percentage == 100) != (session.status == SessionStatus.COMPLETED):
        yield f"{session.progress_percentage} % of a session that is {session.status}"
