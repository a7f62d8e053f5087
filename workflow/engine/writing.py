"""Writes a claimed chapter: builds its task, runs the writer, stores the result, claims the next chapter."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from books.models import TextChunk
from books.sources import rules_of, withheld_of
from books.text.citations import find_passages
from books.text.withheld import MaskedStream, Withheld
from books.text.words import count_prose
from chapterflow_site.core import crash_points
from workflow.agents.drafting.drafts import check_draft, clean
from workflow.agents.llm import Watch
from workflow.agents.memory import memory_of
from workflow.agents.orchestrator import AgentOrchestrator, given_record
from workflow.context.chapter_task import chapter_of, chapter_task, chunks_of
from workflow.contract.agent_types import AgentError, ChapterResult, ChapterTask, OnText
from workflow.contract.failures import Failure
from workflow.models import Attempt, AttemptOutcome, ProcessingSession
from workflow.transitions import LostRace, SessionTransaction, session_transaction

from .budget.tally import Offer, correct
from .claims import Claim, Suits, any_writer, claim_chapter, has_work_due, wake_for_more
from .measuring import measures_of
from .outcomes import FinishedChapter, fail_chapter, give_back, stop_for_budget, store_chapter
from .runs.attempts import LONGEST_PARTIAL_TEXT, AgentRun, AttemptFailed, LeaseLost, OverBudget, Stopped
from .runs.keeper import ClaimKeeper
from .runs.leases import is_current
from .runs.waiting import AWAY, Result, Steps, answered, run_alone, stored

logger = logging.getLogger(__name__)


def write_chapter(claim: Claim, may_claim: Callable[[], bool], suits: Suits = any_writer) -> Claim | None:
    """Do as `chapter_steps`, in this thread."""
    keeper = ClaimKeeper()
    return run_alone(chapter_steps(claim, ClaimNext(may_claim, suits), keeper), keeper.news)


@dataclass(frozen=True)
class ClaimNext:
    """Whether the one who has stored a chapter claims another with it, and which.

    `may_claim` says whether its slice goes on and the worker is not stopping, `suits` which chapters may be claimed.
    `looks_on` is whether it looks itself, right afterwards, for what else the session has to do; one that
    does not queues a wake-up for it.
    """

    may_claim: Callable[[], bool]
    suits: Suits = any_writer
    looks_on: bool = True

    def claim(self, tx: SessionTransaction) -> Claim | None:
        """Claim the session's next chapter, in the transaction that stored one, and wake others for what is left."""
        following = claim_chapter(tx, self.suits) if self.may_claim() else None
        if following is None and not self.looks_on:
            if has_work_due(tx):
                tx.wake()
        else:
            wake_for_more(tx, following)
        return following


def chapter_steps(claim: Claim, following: ClaimNext, keeper: ClaimKeeper) -> Steps[Claim | None]:
    """Write the claimed chapter and store what became of it. Returns a claim on the session's next chapter, or None.

    Raises ProcessingSession.DoesNotExist where the session was deleted.
    """
    with keeper.holding(claim):
        return (yield from _written_and_stored(claim, following, keeper))


def _written_and_stored(claim: Claim, following: ClaimNext, keeper: ClaimKeeper) -> Steps[Claim | None]:
    def until_stored(store: Callable[[], Result]) -> Steps[Result | None]:
        return stored(claim, store, keeper.look)

    def until_failed(error: AgentError, text: str) -> Steps[Claim | None]:
        return until_stored(lambda: _fail_and_claim(claim, error, text, following))

    try:
        finished = yield from _finished_chapter(claim, keeper)
    except AttemptFailed as failed:
        return (yield from until_failed(failed.error, failed.text))
    except LeaseLost as lost:
        text = lost.text
        yield from until_stored(lambda: _keep_text(claim, text))
        return None
    except Stopped as stopped:
        text = stopped.text
        yield from until_stored(lambda: _give_back(claim, text))
        return None
    except OverBudget as over:
        offer, text = over.offer, over.text
        yield from until_stored(lambda: _stop_for_budget(claim, offer, text))
        return None
    except Exception as error:
        return (yield from until_failed(_broken(claim, error), ""))
    try:
        return (yield from until_stored(lambda: _store_and_claim(claim, finished, following)))
    except ProcessingSession.DoesNotExist:
        raise
    except Exception as error:
        return (yield from until_failed(_broken(claim, error), finished.markdown))


def _broken(claim: Claim, error: Exception) -> AgentError:
    """Return a fault of our own as a failed attempt, which a person sees, rather than let the lease run out."""
    logger.error("%s: the engine broke", claim.label, exc_info=error)
    return AgentError(Failure.INTERNAL_ERROR, f"{type(error).__name__}: {error}")


def _finished_chapter(claim: Claim, keeper: ClaimKeeper) -> Steps[FinishedChapter]:
    """Return the written and checked chapter: all that is slow, outside any transaction.

    Raises AttemptFailed, LeaseLost, Stopped or OverBudget.
    """
    started = time.perf_counter()
    task, chunks = yield from answered(claim, lambda: _load(claim), keeper.look)
    _note_context(claim, task)
    context_ms = round((time.perf_counter() - started) * 1000, 1)
    orchestrator = AgentOrchestrator(claim.attempt.agent)
    assert claim.item is not None
    withheld = withheld_of(claim.item.chapter.version)
    run = AgentRun(
        claim,
        lambda on_text: _write_and_check(orchestrator, task, chunks, withheld, on_text, watch),
        keeper=keeper,
    )
    watch = Watch(
        run.is_cancelled,
        claim.attempt.context.update,
        claim.attempt.usage.update,
        run.clear,
        claim.rate_limits.__setitem__,
    )
    finished = yield from run.steps()
    return replace(finished, timings={"context_ms": context_ms, **finished.timings})


def _load(claim: Claim) -> tuple[ChapterTask, list[TextChunk]]:
    item = claim.item
    assert item is not None
    item.chapter = chapter_of(item)
    chunks = chunks_of(item.chapter.node, rules_of(item.chapter.version))
    return chapter_task(claim.session, item, chunks), chunks


def _write_and_check(
    orchestrator: AgentOrchestrator,
    task: ChapterTask,
    chunks: list[TextChunk],
    withheld: Withheld,
    on_text: OnText,
    watch: Watch,
) -> FinishedChapter:
    """Write and check the chapter in the agent's thread, where a draft that breaks the checks fails its attempt only.

    Raises AgentError.
    """
    started = time.perf_counter()
    try:
        told = MaskedStream(on_text, withheld) if withheld else on_text
        draft = orchestrator.execute_chapter_writer_task(task, told, watch)
    except AgentError as error:
        # A provider may quote the passages that it was sent in the message of its error.
        error.message, error.text = withheld.mask(error.message), withheld.mask(error.text)
        raise
    written = time.perf_counter()
    draft = _without_withheld(draft, withheld)
    try:
        finished = _checked(draft, task, chunks)
    except AgentError as error:
        error.text = clean(draft.content[:LONGEST_PARTIAL_TEXT])
        raise
    timings = {
        "writer_ms": round((written - started) * 1000, 1),
        "check_ms": round((time.perf_counter() - written) * 1000, 1),
    }
    return replace(finished, timings=timings)


def _without_withheld(draft: ChapterResult, withheld: Withheld) -> ChapterResult:
    """Return the draft without withheld words: a writer may know some that no passage told it."""
    if not withheld:
        return draft
    return replace(
        draft,
        content=withheld.mask(draft.content),
        title=withheld.mask(draft.title),
        themes=tuple(each for each in draft.themes if not withheld.is_in(each)),
        participants=tuple(each for each in draft.participants if not withheld.is_in(each)),
        tags=tuple(each for each in draft.tags if not withheld.is_in(each)),
        quality_metrics=withheld.mask_all(draft.quality_metrics),
    )


def _checked(draft: ChapterResult, task: ChapterTask, chunks: list[TextChunk]) -> FinishedChapter:
    """Return the draft as a finished chapter, with citations, metrics and memory. Raises AgentError."""
    checked = check_draft(draft, task)
    finished = replace(_with_citations(checked, chunks), quality_metrics=measures_of(checked, task))
    return _with_memory(finished, task)


def _note_context(claim: Claim, task: ChapterTask) -> None:
    """Keep on the attempt what the writer was given. It is stored with the attempt's end, which saves a commit."""
    claim.attempt.context = dict(given_record(claim.attempt.agent, task))
    if task.withheld_chunk_ids:
        claim.attempt.context["left_out_passages"] = list(task.withheld_chunk_ids)


def _with_citations(draft: ChapterResult, chunks: list[TextChunk]) -> FinishedChapter:
    keys = {chunk.key: chunk.pk for chunk in chunks}
    passages = find_passages(draft.content, {chunk.key: chunk.text for chunk in chunks})
    return FinishedChapter(
        title=draft.title,
        markdown=draft.content,
        word_count=count_prose(draft.content),
        citations=tuple((p.paragraph, keys[p.chunk_id], p.quote) for p in passages),
        themes=draft.themes,
        participants=draft.participants,
        tags=draft.tags,
        source_chunk_ids=draft.source_chunk_ids,
        confidence=draft.confidence,
        usage=draft.usage,
    )


def _with_memory(finished: FinishedChapter, task: ChapterTask) -> FinishedChapter:
    chunk_ids = [chunk.id for chunk in task.text_chunks]
    title, markdown = finished.title, finished.markdown
    memory = memory_of(
        task.chapter_number, title, markdown, task.storyline_node, chunk_ids, task.previous_context
    )
    return replace(finished, memory=memory)


def _store_and_claim(claim: Claim, finished: FinishedChapter, following: ClaimNext) -> Claim | None:
    """Store the chapter and claim the next in one transaction; where that breaks, store the chapter alone."""
    try:
        return _store(claim, finished, following)
    except LostRace:
        _keep_text(claim, finished.markdown)
        raise
    except (*AWAY, ProcessingSession.DoesNotExist):
        raise
    except Exception:
        if not following.may_claim():
            raise
        # A finished chapter is not lost over a fault of the one behind it.
        logger.exception("%s: stored alone, the next claim failed", claim.label)
        return _store(claim, finished, replace(following, may_claim=lambda: False))


def _store(claim: Claim, finished: FinishedChapter, following: ClaimNext) -> Claim | None:
    with session_transaction(claim.session.pk, "store_chapter") as tx:
        store_chapter(tx, claim, finished)
        # In the same transaction: one commit a chapter less, and no hop through the queue between two chapters.
        return following.claim(tx)


def _fail_and_claim(claim: Claim, error: AgentError, text: str, following: ClaimNext) -> Claim | None:
    logger.info("%s failed: %s %s", claim.label, error.code, error.message[:200])
    with session_transaction(claim.session.pk, "fail_chapter") as tx:
        fail_chapter(tx, claim, error, text)
        return following.claim(tx)


def _give_back(claim: Claim, text: str) -> None:
    with session_transaction(claim.session.pk, "give_back_chapter") as tx:
        give_back(tx, claim, text)
        tx.wake()


def _stop_for_budget(claim: Claim, offer: Offer, text: str) -> None:
    with session_transaction(claim.session.pk, "stop_for_budget") as tx:
        stop_for_budget(tx, claim, offer, text)


def _keep_text(claim: Claim, text: str) -> None:
    """Keep the text of a lost claim on its attempt: it is not the chapter, but a person can read it."""
    if text:
        # More than the last checkpoint has; what ended well is in the chapter.
        unfinished = Attempt.objects.filter(pk=claim.attempt.pk).exclude(outcome=AttemptOutcome.SUCCEEDED)
        with crash_points.around("keep_text"):
            unfinished.update(partial_text=text)
    with crash_points.around("end_lost_attempt"):
        Attempt.objects.filter(pk=claim.attempt.pk, outcome=AttemptOutcome.RUNNING).update(
            outcome=AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value
        )
    correct(claim)
    if is_current(claim):
        logger.error("%s: given up although the claim is current", claim.label)
