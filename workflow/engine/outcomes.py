"""Stores the outcome of a chapter's attempt: a revision, a later retry, a failure, a chapter given back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Max

from books.models import BookVersion, Chapter, ChapterRevision, Citation, Origin
from books.sources import title_columns, withheld_of
from chapterflow_site.core.rows import add_row, add_values, change_row
from workflow.agents.memory import ChapterMemory
from workflow.context.continuity import keep_memory
from workflow.contract.agent_types import AgentError
from workflow.contract.events import EventKind
from workflow.contract.failures import Failure
from workflow.contract.states import ItemStatus, PauseReason
from workflow.models import AttemptOutcome, ChapterWorkflowItem
from workflow.queries import meet_need
from workflow.transitions import NO_CLAIM, NO_ERROR, SessionTransaction

from .budget.tally import Offer, refusal_of, spent, spent_unseen
from .claims import Claim, end_attempt
from .dependents import flag_outdated
from .measuring import score_in
from .provider_backoff import note_backoff
from .regeneration import Ending, last_ending, let_others_go_on, replace_text
from .retry_policy import POLICY, decide_retry
from .session_progress import settle

AGAIN_LATER = Ending(ItemStatus.PENDING, EventKind.ATTEMPT_FAILED)


@dataclass(frozen=True)
class FinishedChapter:
    """A checked draft, ready to be stored. `citations` are (paragraph, chunk's primary key, quote); `timings` in ms."""

    title: str
    markdown: str
    word_count: int
    citations: tuple[tuple[int, int, str], ...]
    themes: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source_chunk_ids: tuple[str, ...] = ()
    confidence: float | None = None
    quality_metrics: Mapping[str, object] = field(default_factory=dict)
    usage: Mapping[str, object] = field(default_factory=dict)
    memory: ChapterMemory = field(default_factory=ChapterMemory)
    timings: Mapping[str, float] = field(default_factory=dict)


def store_chapter(tx: SessionTransaction, claim: Claim, finished: FinishedChapter) -> ChapterRevision:
    """Store the chapter as a new revision and let its dependents go on. Raises LostRace where the claim is lost."""
    item = claim.item
    assert item is not None
    is_again = item.is_written_again
    # First: compare-and-set on status and token. A worker that has lost its claim fails here and stores nothing.
    tx.move_item(
        item,
        ItemStatus.GENERATED,
        EventKind.CHAPTER_REGENERATED if is_again else EventKind.CHAPTER_GENERATED,
        token=claim.token,
        attempt=claim.attempt.number,
        detail={"words": finished.word_count, **finished.timings},
        changes={
            **NO_CLAIM,
            **NO_ERROR,
            "status_before": "",
            "word_count": finished.word_count,
            "quality_score": score_in(finished.quality_metrics),
            "story_line": finished.memory.line,
            "finished_at": tx.now,
        },
    )
    revision = _add_written(tx, claim, item, finished)
    keep_memory(item, finished.memory, is_first=revision.number == 1)
    end_attempt(
        tx,
        claim.token,
        AttemptOutcome.SUCCEEDED,
        context=claim.attempt.context,
        partial_text="",
        **spent(tx, claim, finished.usage),
    )
    note_backoff(tx, claim)
    # In the same transaction, so that a dependent is never ready before its text is there, nor waits after it.
    meet_need(item.pk)
    if is_again:
        replace_text(tx, item)
    flag_outdated(tx, claim, revision)
    settle(tx)
    return revision


def _add_written(
    tx: SessionTransaction, claim: Claim, item: ChapterWorkflowItem, finished: FinishedChapter
) -> ChapterRevision:
    return add_revision(
        item.chapter,
        origin=Origin.WRITER,
        markdown=finished.markdown,
        citations=finished.citations,
        title=finished.title,
        themes=list(finished.themes),
        participants=list(finished.participants),
        tags=list(finished.tags),
        source_chunk_ids=list(finished.source_chunk_ids),
        word_count=finished.word_count,
        confidence=finished.confidence,
        quality_score=score_in(finished.quality_metrics),
        quality_metrics=dict(finished.quality_metrics),
        usage=dict(finished.usage),
        agent=claim.attempt.agent,
        session_id=tx.session.pk,
        attempt_number=claim.attempt.number,
        created_at=tx.now,
    )


def add_revision(
    chapter: Chapter, *, citations: tuple[tuple[int, int, str], ...], title: str, **columns: object
) -> ChapterRevision:
    """Add the chapter's next revision, with its citations, and make it the current one. Within a transaction."""
    # Saves a query for each chapter that succeeds at once.
    is_first = chapter.current_revision_id is None and columns.get("attempt_number") == 1
    newest = 0 if is_first else chapter.revisions.aggregate(newest=Max("number"))["newest"] or 0
    # A writer that was told the title without what is withheld gives it back so: the chapter keeps its whole one.
    is_kept = title == chapter.title
    title = chapter.full_title or title if is_kept else title
    revision = ChapterRevision(chapter=chapter, number=newest + 1, title=title, **columns)
    add_row(revision)
    cited = [(revision.pk, position, *citation) for position, citation in enumerate(citations)]
    add_values(Citation, ("revision", "position", "paragraph", "chunk", "quote"), cited)
    changes: dict[str, object] = {"current_revision": revision.pk}
    if revision.origin == Origin.WRITER:
        # What a rule or a person changes in a text leaves it as much out of date as it was.
        changes["outdated_reason"] = ""
        if not is_kept:
            # Locked: whoever changes at this moment what is withheld comes before this title, or finds it stored.
            versions = BookVersion.objects.select_related("book").select_for_update(of=["book"], no_key=True)
            version = versions.get(pk=chapter.version_id)
            changes |= title_columns(title, withheld_of(version))
    change_row(Chapter, {"pk": chapter.pk}, changes)
    return revision


def fail_chapter(tx: SessionTransaction, claim: Claim, error: AgentError, text: str) -> None:
    """Store a failed attempt: set the time of the next one, or fail the chapter. Raises LostRace."""
    item = claim.item
    assert item is not None
    decision = decide_retry(tx, claim, error)
    retry_at = tx.now + decision.wait if decision.wait is not None else None
    detail = {"code": error.code.value, "message": error.message[:500], **decision.detail}
    if retry_at:
        detail["retry_at"] = retry_at.isoformat()
    changes = {**NO_CLAIM, **decision.changes, "next_attempt_at": retry_at, "finished_at": tx.now}
    ending = AGAIN_LATER if retry_at else last_ending(item)
    tx.move_item(
        item,
        ending.status,
        ending.kind,
        token=claim.token,
        attempt=claim.attempt.number,
        detail=detail,
        changes={**changes, **ending.changes},
    )
    end_attempt(
        tx,
        claim.token,
        decision.outcome,
        context=claim.attempt.context,
        **spent(tx, claim),
        error_code=error.code.value,
        error_message=error.message[:2000],
        partial_text=text,
    )
    note_backoff(tx, claim, error)
    if not retry_at:
        let_others_go_on(tx, item)
    settle(tx)


def give_back(tx: SessionTransaction, claim: Claim, text: str) -> None:
    """Give the chapter back because this worker stops, which counts as no failed attempt. Raises LostRace."""
    _back_in_line(tx, claim, EventKind.ATTEMPT_STOPPED)
    end_attempt(
        tx,
        claim.token,
        AttemptOutcome.STOPPED,
        context=claim.attempt.context,
        **spent(tx, claim),
        partial_text=text,
    )


def stop_for_budget(tx: SessionTransaction, claim: Claim, offer: Offer, text: str) -> None:
    """Give the chapter back because its next call would pass the budget, and pause the session.

    Counts as no failed attempt. Where the budget was raised since, the session is woken instead. Raises LostRace.
    """
    _back_in_line(tx, claim, EventKind.BUDGET_REACHED)
    columns = spent(tx, claim)
    # Asked again under the lock: a person may have raised the budget since the call was refused.
    refusal = refusal_of(tx.session, offer)
    end_attempt(
        tx,
        claim.token,
        AttemptOutcome.STOPPED,
        context=claim.attempt.context,
        **columns,
        error_code=Failure.BUDGET_EXCEEDED.value,
        error_message=refusal,
        partial_text=text,
    )
    if refusal:
        _pause_for_budget(tx, offer, refusal)
    else:
        tx.wake()


def _back_in_line(tx: SessionTransaction, claim: Claim, kind: EventKind) -> None:
    item = claim.item
    assert item is not None
    tx.move_item(
        item,
        ItemStatus.PENDING,
        kind,
        token=claim.token,
        attempt=claim.attempt.number,
        changes={**NO_CLAIM, "finished_at": tx.now},
    )


def _pause_for_budget(tx: SessionTransaction, offer: Offer, refusal: str) -> None:
    tx.change(refused_micros=offer.micros, refused_tokens=offer.tokens)
    if tx.session.paused_at is None:
        tx.change(paused_at=tx.now, pause_reason=PauseReason.BUDGET.value)
        tx.record(EventKind.SESSION_PAUSED, detail={"reason": PauseReason.BUDGET.value, "message": refusal})


def requeue_lost_chapter(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Give back a chapter whose worker is lost; the third loss fails it. Raises LostRace where the claim changed."""
    token = item.token
    assert token is not None
    # A chapter that kills its worker each time (memory, a crash in C code) must not do so for ever.
    losses = item.lost_count + 1
    failed = losses >= POLICY.losses
    owner = item.owner
    changes: dict[str, object] = {"lost_count": losses, "next_attempt_at": None, "finished_at": tx.now}
    if failed:
        changes |= {
            "error_code": Failure.WORKER_LOST.value,
            "error_message": f"The worker was lost {losses} times while it wrote this chapter.",
        }
    ending = last_ending(item) if failed else Ending(ItemStatus.PENDING, EventKind.WORKER_LOST)
    tx.move_item(
        item,
        ending.status,
        ending.kind,
        token=token,
        attempt=item.attempt_count,
        detail={"code": Failure.WORKER_LOST.value, "owner": owner, "losses": losses},
        changes={**NO_CLAIM, **changes, **ending.changes},
    )
    columns = spent_unseen(tx, token)
    end_attempt(tx, token, AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value, **columns)
    if failed:
        let_others_go_on(tx, item)
    settle(tx)
