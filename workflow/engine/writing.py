"""Writes a claimed chapter: builds its task, runs the writer, stores the result, claims the next chapter."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.db import Error as AnyDatabaseError
from django.db import InterfaceError, InternalError, OperationalError, connection

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
from workflow.transitions import LostRace, session_transaction

from .attempts import LONGEST_PARTIAL_TEXT, AgentRun, AttemptFailed, LeaseLost, OverBudget, Stopped
from .budget.tally import Offer, correct
from .claims import Claim, claim_chapter, is_current, renew, wake_for_more
from .measuring import measures_of
from .outcomes import FinishedChapter, fail_chapter, give_back, stop_for_budget, store_chapter

logger = logging.getLogger(__name__)

# A finished chapter has cost minutes and money: it is kept in memory for as long as an outage may reasonably take.
KEEP_TRYING_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 5.0
# What a database raises that is locked, away or read-only for the moment. All other errors are faults of ours.
AWAY = (OperationalError, InterfaceError, InternalError)
Result = TypeVar("Result")


def write_chapter(claim: Claim, may_claim: Callable[[], bool]) -> Claim | None:
    """Write the claimed chapter and store what became of it. Returns a claim on the session's next chapter, or None.

    `may_claim` says, when the result is stored, whether the slice goes on and the worker is not stopping. Raises
    ProcessingSession.DoesNotExist where the session was deleted.
    """
    try:
        finished = _finished_chapter(claim)
    except AttemptFailed as failed:
        reason = failed
        return until_stored(claim, lambda: _fail_and_claim(claim, reason.error, reason.text, may_claim()))
    except LeaseLost as lost:
        text = lost.text
        until_stored(claim, lambda: _keep_text(claim, text))
        return None
    except Stopped as stopped:
        text = stopped.text
        until_stored(claim, lambda: _give_back(claim, text))
        return None
    except OverBudget as over:
        offer, text = over.offer, over.text
        until_stored(claim, lambda: _stop_for_budget(claim, offer, text))
        return None
    except Exception as error:
        return _fail_broken(claim, error, "", may_claim)
    try:
        return until_stored(claim, lambda: _store_and_claim(claim, finished, may_claim()))
    except ProcessingSession.DoesNotExist:
        raise
    except Exception as error:
        return _fail_broken(claim, error, finished.markdown, may_claim)


def _fail_broken(claim: Claim, error: Exception, text: str, may_claim: Callable[[], bool]) -> Claim | None:
    """Store a fault of our own as a failed attempt, which a person sees, rather than let the lease run out."""
    logger.error("%s: the engine broke", claim.label, exc_info=error)
    failure = AgentError(Failure.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
    return until_stored(claim, lambda: _fail_and_claim(claim, failure, text, may_claim()))


def _finished_chapter(claim: Claim) -> FinishedChapter:
    """Return the written and checked chapter: all that is slow, outside any transaction.

    Raises AttemptFailed, LeaseLost, Stopped or OverBudget.
    """
    started = time.perf_counter()
    task, chunks = until_answered(claim, lambda: _load(claim))
    _note_context(claim, task)
    context_ms = round((time.perf_counter() - started) * 1000, 1)
    orchestrator = AgentOrchestrator(claim.attempt.agent)
    assert claim.item is not None
    withheld = withheld_of(claim.item.chapter.version)
    run = AgentRun(
        claim, lambda on_text: _write_and_check(orchestrator, task, chunks, withheld, on_text, watch)
    )
    watch = Watch(
        run.is_cancelled,
        claim.attempt.context.update,
        claim.attempt.usage.update,
        run.clear,
        claim.rate_limits.__setitem__,
    )
    finished = run.watch()
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


def until_stored(claim: Claim, store: Callable[[], Result]) -> Result | None:
    """Run `store` until the database takes it. Returns None where the claim is lost, or after ten minutes of outage.

    `store` may run again although it was stored, where the connection broke at the commit: its transaction then finds
    the claim gone, and stores nothing twice.
    """
    try:
        return until_answered(claim, store)
    except LostRace:
        logger.warning("%s: the claim is no longer this worker's; its text stays on the attempt", claim.label)
    except AWAY:
        logger.exception("%s: could not be stored for ten minutes", claim.label)
    return None


def until_answered(claim: Claim, work: Callable[[], Result]) -> Result:
    """Run `work` until the database answers, renewing the lease between tries. Raises its error after ten minutes."""
    deadline = time.monotonic() + KEEP_TRYING_SECONDS
    pause = 0.1
    while True:
        try:
            return work()
        except AWAY as error:
            if time.monotonic() >= deadline:
                raise
            logger.warning("%s: no answer yet, tried again in %.1f s: %s", claim.label, pause, error)
            # Django would go on with the broken connection outside a request.
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            _renew_quietly(claim)


def _renew_quietly(claim: Claim) -> None:
    try:
        renew(claim)
    except AnyDatabaseError:
        connection.close()


def _store_and_claim(claim: Claim, finished: FinishedChapter, may_claim: bool) -> Claim | None:
    """Store the chapter and claim the next in one transaction; where that breaks, store the chapter alone."""
    try:
        return _store(claim, finished, may_claim)
    except LostRace:
        _keep_text(claim, finished.markdown)
        raise
    except (*AWAY, ProcessingSession.DoesNotExist):
        raise
    except Exception:
        if not may_claim:
            raise
        # A finished chapter is not lost over a fault of the one behind it.
        logger.exception("%s: stored alone, the next claim failed", claim.label)
        return _store(claim, finished, may_claim=False)


def _store(claim: Claim, finished: FinishedChapter, may_claim: bool) -> Claim | None:
    with session_transaction(claim.session.pk, "store_chapter") as tx:
        store_chapter(tx, claim, finished)
        # In the same transaction: one commit a chapter less, and no hop through the queue between two chapters.
        following = claim_chapter(tx) if may_claim else None
        wake_for_more(tx, following)
    return following


def _fail_and_claim(claim: Claim, error: AgentError, text: str, may_claim: bool) -> Claim | None:
    logger.info("%s failed: %s %s", claim.label, error.code, error.message[:200])
    with session_transaction(claim.session.pk, "fail_chapter") as tx:
        fail_chapter(tx, claim, error, text)
        following = claim_chapter(tx) if may_claim else None
        wake_for_more(tx, following)
    return following


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
