"""Claims chapters and phases for this worker, and ends their attempts."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from books.models import Dependencies
from chapterflow_site.core.rows import add_row, change_row
from workflow.agents.orchestrator import harmonizer_models, questioner_models
from workflow.contract.events import EventKind
from workflow.contract.states import ItemStatus, OnFailure, Phase, SessionStatus
from workflow.models import Attempt, AttemptOutcome, ChapterWorkflowItem, ProcessingSession
from workflow.models.claim import ClaimColumns
from workflow.processes.lease_owner import current_owner
from workflow.queries import count_running, read_first_ready
from workflow.transitions import SessionTransaction

from .slots.slots import Refusal, Slot, find_slot, let_go, wait_for_slot

# Whether a chapter may be claimed: by this writer, after so many losses of its worker.
Suits = Callable[[str, int], bool]
QUESTIONABLE = frozenset({SessionStatus.HARMONIZING, SessionStatus.COMPLETED})


@dataclass(frozen=True)
class Claim:
    """A claim that this worker holds. `item` is None for a phase of the session.

    `token` is new with each claim: a worker that was taken for lost and comes back has the old one, and can store
    nothing. `providers` are those of which it takes a slot. `rate_limits` are the models whose providers have asked to
    slow down since, with the wait in seconds where they named one.
    """

    session: ProcessingSession
    item: ChapterWorkflowItem | None
    phase: Phase
    token: UUID
    attempt: Attempt
    providers: str = ""
    rate_limits: dict[str, float | None] = field(default_factory=dict)

    @property
    def writer(self) -> str:
        """Who writes or works: the attempt's agent."""
        return self.attempt.agent

    @property
    def label(self) -> str:
        """The claim's name in a log line."""
        what = f"chapter {self.item.number}" if self.item else self.phase.value
        return f"session {self.session.pk} {what} attempt {self.attempt.number}"


def lease_length() -> timedelta:
    """Return how long a claim lasts that is not renewed."""
    return timedelta(seconds=settings.CHAPTERFLOW_LEASE_SECONDS)


def due(now: object) -> Q:
    """Return the condition that the next attempt is due at `now`."""
    return Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)


def any_writer(writer: str, losses: int) -> bool:
    """Return True: any chapter may be claimed."""
    return True


def claim_chapter(tx: SessionTransaction, suits: Suits = any_writer) -> Claim | None:
    """Claim the session's first ready chapter that suits and whose writer has a slot with its model provider.

    Returns None where the session is not processing, is paused or has as many chapters in progress as it may, where no
    chapter is ready, and where the session must wait for a slot.
    """
    session = tx.session
    if session.status != SessionStatus.PROCESSING or session.paused_at:
        return None
    item = _first_ready(tx)
    if item is None:
        # It may still stand in line for a chapter that is no longer ready, and keep those behind it waiting.
        let_go(tx)
        return None
    if not _is_one_by_one(session) and _is_full(session):
        return None
    found = _with_slot(tx, item, suits)
    return _claim(tx, *found) if found else None


def _with_slot(
    tx: SessionTransaction, first: ChapterWorkflowItem, suits: Suits
) -> tuple[ChapterWorkflowItem, Slot] | None:
    """Return the first ready chapter whose writer suits and has a slot; where none has, wait for one."""
    refused: dict[str, Refusal] = {}
    passed_over: set[str] = set()
    lost: list[int] = []
    item: ChapterWorkflowItem | None = first
    while item is not None:
        writer = item.writer or tx.session.writer
        if not suits(writer, 0):
            passed_over.add(item.writer)
        elif not suits(writer, item.lost_count):
            lost.append(item.pk)
        else:
            answer = find_slot(tx, writer)
            if isinstance(answer, Slot):
                if not refused:
                    let_go(tx)
                return item, answer
            refused[item.writer] = answer
        # Chapters may have writers of their own: one whose provider is full does not keep the others waiting.
        ready = tx.session.items.startable().filter(due(tx.now)).exclude(writer__in={*refused, *passed_over})
        item = ready.exclude(pk__in=lost).order_by("number").first()
    if refused:
        wait_for_slot(tx, refused.values())
    return None


def _claim(tx: SessionTransaction, item: ChapterWorkflowItem, slot: Slot) -> Claim:
    item.session = tx.session
    token, owner = uuid.uuid4(), current_owner()
    number = item.attempt_count + 1
    tx.move_item(
        item,
        ItemStatus.IN_PROGRESS,
        EventKind.CHAPTER_CLAIMED,
        attempt=number,
        detail=waits_before(item),
        changes={
            "owner": owner,
            "token": token,
            "lease_expires_at": tx.now + lease_length(),
            "attempt_count": number,
            # The slots are counted from these rows: whatever ends a claim, recovery too, frees them.
            "providers": slot.providers,
            "next_attempt_at": None,
            "started_at": tx.now,
            "finished_at": None,
        },
    )
    attempt = _begin_attempt(tx, item, Phase.WRITING, slot.writer, token, owner, number)
    return Claim(tx.session, item, Phase.WRITING, token, attempt, slot.providers)


def waits_before(thing: ClaimColumns) -> dict[str, object]:
    """Return what an Event says of attempts that only waited, so that readers can leave them out of the count."""
    return {"waits": thing.wait_count} if thing.wait_count else {}


def wake_for_more(tx: SessionTransaction, claimed: Claim | None) -> None:
    """Queue a wake-up where another worker could claim a chapter beside the one just `claimed`."""
    # Saves a query and a wake-up a chapter, in the mode in which most books are written.
    if claimed is not None and _is_one_by_one(tx.session):
        return
    if has_chapter_due(tx):
        tx.wake()


def has_chapter_due(tx: SessionTransaction) -> bool:
    """Return whether a worker could claim a chapter of this session now."""
    session = tx.session
    if session.status != SessionStatus.PROCESSING or session.paused_at or session.held_back_at:
        return False
    return _first_ready(tx) is not None and not _is_full(session)


def _first_ready(tx: SessionTransaction) -> ChapterWorkflowItem | None:
    return read_first_ready(tx.session.pk, tx.now)


def _is_one_by_one(session: ProcessingSession) -> bool:
    """Return whether no second chapter can be ready while one is in progress, because each needs all before it.

    Not under *skip*, where several failed ones may be retried, nor once a written chapter was asked for again.
    """
    is_plain = session.on_failure == OnFailure.HOLD and not session.regeneration_seq
    return is_plain and session.dependencies == Dependencies.SEQUENTIAL


def _is_full(session: ProcessingSession) -> bool:
    return count_running(session.pk) >= session.parallel_chapters


def has_work_due(tx: SessionTransaction) -> bool:
    """Return whether a wake-up would find something to do now."""
    session = tx.session
    if session.status == SessionStatus.PROCESSING:
        return has_chapter_due(tx)
    waits = session.next_attempt_at is not None and session.next_attempt_at > tx.now
    if session.paused_at or session.token or waits:
        return False
    return session.status == SessionStatus.HARMONIZING or due_phase(session) is not None


def claim_phase(tx: SessionTransaction) -> Claim | None:
    """Claim the session's next phase, harmonizing or questions; return None where none is due.

    No compare-and-set is needed: the phase's claim is columns of the session's row, which `tx` has locked.
    """
    session = tx.session
    if session.token or session.paused_at or (session.next_attempt_at and session.next_attempt_at > tx.now):
        return None
    phase = due_phase(session)
    if phase is None:
        return None
    token, owner = uuid.uuid4(), current_owner()
    number = session.attempt_count + 1
    tx.change(
        owner=owner,
        token=token,
        lease_expires_at=tx.now + lease_length(),
        attempt_count=number,
        next_attempt_at=None,
    )
    kind = EventKind.HARMONIZING_STARTED if phase is Phase.HARMONIZING else EventKind.QUESTIONS_STARTED
    tx.record(kind, attempt=number)
    attempt = _begin_attempt(tx, None, phase, agent_of(session, phase), token, owner, number)
    return Claim(session, None, phase, token, attempt)


def due_phase(session: ProcessingSession) -> Phase | None:
    """Return the phase that the session must do next, None for none."""
    if session.status == SessionStatus.HARMONIZING and session.harmonized_at is None:
        return Phase.HARMONIZING
    if session.status in QUESTIONABLE and session.questioned_at is None:
        return Phase.QUESTIONS
    return None


def _begin_attempt(
    tx: SessionTransaction,
    item: ChapterWorkflowItem | None,
    phase: Phase,
    agent: str,
    token: UUID,
    owner: str,
    number: int,
) -> Attempt:
    attempt = Attempt(
        session=tx.session,
        item=item,
        phase=phase.value,
        number=number,
        agent=agent,
        owner=owner,
        token=token,
        started_at=tx.now,
    )
    add_row(attempt)
    return attempt


def agent_of(session: ProcessingSession, phase: Phase) -> str:
    """Return who works in a phase: the session's writer, the models that help the rules, or "rules"."""
    if phase is Phase.WRITING:
        return session.writer
    models = harmonizer_models() if phase is Phase.HARMONIZING else questioner_models()
    return ", ".join(models)[:200] or "rules"


def end_attempt(tx: SessionTransaction, token: UUID, outcome: AttemptOutcome, **changes: object) -> None:
    """Store how the attempt under `token` ended."""
    change_row(Attempt, {"token": token}, {"outcome": outcome, "finished_at": tx.now, **changes})
