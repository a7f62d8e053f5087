"""What becomes of an attempt: stored as a revision, tried again later, failed, given back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Max

from books.models import BookVersion, Chapter, ChapterRevision, Citation, Origin
from books.sources import title_columns, withheld_of
from chapterflow_site.core.rows import add_row, add_values, change_row, run
from workflow.agents.memory import ChapterMemory
from workflow.contract.agent_types import AgentError
from workflow.context.continuity import keep_memory
from workflow.contract.events import EventKind
from workflow.contract.failures import Failure
from workflow.models import AttemptOutcome, ChapterWorkflowItem
from workflow.contract.states import ItemStatus, PauseReason
from workflow.transitions import NO_CLAIM, NO_ERROR, Ledger

from .claims import Held, end_attempt
from .dependents import MEET_NEED, flag_outdated
from .measuring import score_in
from .provider_backoff import note_pace
from .regeneration import Ending, last_ending, let_others_go_on, replace_text
from .session_progress import settle
from .budget.spending import Offer, refusal_of, spent, spent_unseen
from .retry_policy import MOST_LOSSES, judge

AGAIN_LATER = Ending(ItemStatus.PENDING, EventKind.ATTEMPT_FAILED)


@dataclass(frozen=True)
class FinishedChapter:
    """A checked draft, ready to be stored. `citations` are (paragraph, chunk's primary key, quote)."""

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


def store_chapter(book: Ledger, held: Held, finished: FinishedChapter) -> ChapterRevision:
    """Store the chapter as a new revision and settle what follows. Raises LostRace where the claim is not current."""
    item = held.item
    assert item is not None
    is_again = item.is_written_again
    book.move_item(
        item,
        ItemStatus.GENERATED,
        EventKind.CHAPTER_REGENERATED if is_again else EventKind.CHAPTER_GENERATED,
        token=held.token,
        attempt=held.attempt.number,
        detail={"words": finished.word_count, **finished.timings},
        changes={
            **NO_CLAIM,
            **NO_ERROR,
            "status_before": "",
            "word_count": finished.word_count,
            "quality_score": score_in(finished.quality_metrics),
            "story_line": finished.memory.line,
            "finished_at": book.now,
        },
    )
    revision = _add_written(book, held, item, finished)
    keep_memory(item, finished.memory, is_first=revision.number == 1)
    end_attempt(
        book,
        held.token,
        AttemptOutcome.SUCCEEDED,
        context=held.attempt.context,
        partial_text="",
        **spent(book, held, finished.usage),
    )
    note_pace(book, held)
    run(MEET_NEED, [item.pk])
    if is_again:
        replace_text(book, item)
    flag_outdated(book, held, revision)
    settle(book)
    return revision


def _add_written(
    book: Ledger, held: Held, item: ChapterWorkflowItem, finished: FinishedChapter
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
        agent=held.attempt.agent,
        session_id=book.session.pk,
        attempt_number=held.attempt.number,
        created_at=book.now,
    )


def add_revision(
    chapter: Chapter, *, citations: tuple[tuple[int, int, str], ...], title: str, **columns: object
) -> ChapterRevision:
    """Add the chapter's next revision, with its citations, and make it the current one."""
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
            version = BookVersion.objects.select_related("book").get(pk=chapter.version_id)
            changes |= title_columns(title, withheld_of(version))
    change_row(Chapter, {"pk": chapter.pk}, changes)
    return revision


def fail_chapter(book: Ledger, held: Held, error: AgentError, text: str) -> None:
    """Put the chapter back for its next attempt, or fail it. Raises LostRace where the claim is not current."""
    item = held.item
    assert item is not None
    verdict = judge(book, held, error)
    retry_at = book.now + verdict.wait if verdict.wait is not None else None
    detail = {"code": error.code.value, "message": error.message[:500], **verdict.detail}
    if retry_at:
        detail["retry_at"] = retry_at.isoformat()
    changes = {**NO_CLAIM, **verdict.changes, "next_attempt_at": retry_at, "finished_at": book.now}
    ending = AGAIN_LATER if retry_at else last_ending(item)
    book.move_item(
        item,
        ending.status,
        ending.kind,
        token=held.token,
        attempt=held.attempt.number,
        detail=detail,
        changes={**changes, **ending.changes},
    )
    end_attempt(
        book,
        held.token,
        verdict.outcome,
        context=held.attempt.context,
        **spent(book, held),
        error_code=error.code.value,
        error_message=error.message[:2000],
        partial_text=text,
    )
    note_pace(book, held, error)
    if not retry_at:
        let_others_go_on(book, item)
    settle(book)


def give_back(book: Ledger, held: Held, text: str) -> None:
    """Put the chapter back because this worker stops: an Event, not a failed attempt."""
    item = held.item
    assert item is not None
    book.move_item(
        item,
        ItemStatus.PENDING,
        EventKind.ATTEMPT_STOPPED,
        token=held.token,
        attempt=held.attempt.number,
        changes={**NO_CLAIM, "finished_at": book.now},
    )
    end_attempt(
        book,
        held.token,
        AttemptOutcome.STOPPED,
        context=held.attempt.context,
        **spent(book, held),
        partial_text=text,
    )


def stop_for_budget(book: Ledger, held: Held, offer: Offer, text: str) -> None:
    """Put the chapter back because its next call would pass the budget, and pause the session, unless it fits now.

    No failed attempt. Raises LostRace where the claim is not current.
    """
    item = held.item
    assert item is not None
    book.move_item(
        item,
        ItemStatus.PENDING,
        EventKind.BUDGET_REACHED,
        token=held.token,
        attempt=held.attempt.number,
        changes={**NO_CLAIM, "finished_at": book.now},
    )
    columns = spent(book, held)
    refusal = refusal_of(book.session, offer)
    end_attempt(
        book,
        held.token,
        AttemptOutcome.STOPPED,
        context=held.attempt.context,
        **columns,
        error_code=Failure.BUDGET_EXCEEDED.value,
        error_message=refusal,
        partial_text=text,
    )
    if refusal:
        _pause_for_budget(book, offer, refusal)
    else:
        book.wake()


def _pause_for_budget(book: Ledger, offer: Offer, refusal: str) -> None:
    book.change(refused_micros=offer.micros, refused_tokens=offer.tokens)
    if book.session.paused_at is None:
        book.change(paused_at=book.now, pause_reason=PauseReason.BUDGET.value)
        book.record(EventKind.SESSION_PAUSED, detail={"reason": PauseReason.BUDGET.value, "message": refusal})


def lose_chapter(book: Ledger, item: ChapterWorkflowItem) -> None:
    """Put back a chapter whose worker is gone; the third loss fails it. Raises LostRace where somebody was faster."""
    token = item.token
    assert token is not None
    losses = item.lost_count + 1
    failed = losses >= MOST_LOSSES
    owner = item.owner
    changes: dict[str, object] = {"lost_count": losses, "next_attempt_at": None, "finished_at": book.now}
    if failed:
        changes |= {
            "error_code": Failure.WORKER_LOST.value,
            "error_message": f"The worker was lost {losses} times while it wrote this chapter.",
        }
    ending = last_ending(item) if failed else Ending(ItemStatus.PENDING, EventKind.WORKER_LOST)
    book.move_item(
        item,
        ending.status,
        ending.kind,
        token=token,
        attempt=item.attempt_count,
        detail={"code": Failure.WORKER_LOST.value, "owner": owner, "losses": losses},
        changes={**NO_CLAIM, **changes, **ending.changes},
    )
    columns = spent_unseen(book, token)
    end_attempt(book, token, AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value, **columns)
    if failed:
        let_others_go_on(book, item)
    settle(book)
