"""Writes one claimed chapter: builds its task, lets the writer write, stores the result, claims the next."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.db import Error as AnyDatabaseError
from django.db import InterfaceError, InternalError, OperationalError, connection

from books.models import TextChunk
from books.text.citations import find_passages
from books.sources import rules_of, withheld_of
from books.text.withheld import MaskedStream, Withheld
from books.text.words import count_prose
from chapterflow_site.core import crash_points
from workflow.agents.drafting.drafts import check_draft, clean
from workflow.agents.writer_record import given_record
from workflow.agents.llm import Watch
from workflow.agents.memory import memory_of
from workflow.agents.orchestrator import AgentOrchestrator
from workflow.contract.agent_types import AgentError, ChapterDraft, ChapterTask, OnText
from workflow.context.chapter_task import chapter_of, chapter_task, chunks_of
from workflow.contract.failures import Failure
from workflow.models import Attempt, AttemptOutcome, ProcessingSession
from workflow.transitions import LostRace, ledger

from .attempts import LONGEST_PARTIAL_TEXT, AgentRun, AttemptFailed, LeaseLost, OverBudget, Stopped
from .claims import Held, claim_chapter, is_current, renew, wake_for_more
from .measuring import measures_of
from .outcomes import FinishedChapter, fail_chapter, give_back, stop_for_budget, store_chapter
from .budget.spending import Offer, correct

logger = logging.getLogger(__name__)

KEEP_TRYING_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 5.0
# What a database says that is locked, away, or for the moment only to be read. Everything else is a fault of ours.
AWAY = (OperationalError, InterfaceError, InternalError)
Result = TypeVar("Result")


def write_chapter(held: Held, may_claim: Callable[[], bool]) -> Held | None:
    """Write the claimed chapter and settle it. Returns the claim on the session's next chapter, where there is one.

    `may_claim` is asked when the result is stored: whether the slice is not over and the worker is not stopping.
    """
    try:
        finished = _finished_chapter(held)
    except AttemptFailed as failed:
        reason = failed
        return until_stored(held, lambda: _fail_and_claim(held, reason.error, reason.text, may_claim()))
    except LeaseLost as lost:
        text = lost.text
        until_stored(held, lambda: _keep_text(held, text))
        return None
    except Stopped as stopped:
        text = stopped.text
        until_stored(held, lambda: _give_back(held, text))
        return None
    except OverBudget as over:
        offer, text = over.offer, over.text
        until_stored(held, lambda: _stop_for_budget(held, offer, text))
        return None
    except Exception as error:
        return _fail_broken(held, error, "", may_claim)
    try:
        return until_stored(held, lambda: _store_and_claim(held, finished, may_claim()))
    except ProcessingSession.DoesNotExist:
        raise
    except Exception as error:
        return _fail_broken(held, error, finished.markdown, may_claim)


def _fail_broken(held: Held, error: Exception, text: str, may_claim: Callable[[], bool]) -> Held | None:
    """Let a fault of our own be a failed attempt that a person sees, instead of a claim that waits for its lease."""
    logger.error("%s: the engine broke", held.label, exc_info=error)
    failure = AgentError(Failure.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
    return until_stored(held, lambda: _fail_and_claim(held, failure, text, may_claim()))


def _finished_chapter(held: Held) -> FinishedChapter:
    """Everything slow happens here, outside any transaction. Raises AttemptFailed, LeaseLost, Stopped or OverBudget."""
    started = time.perf_counter()
    task, chunks = until_answered(held, lambda: _load(held))
    _note_context(held, task)
    context_ms = round((time.perf_counter() - started) * 1000, 1)
    orchestrator = AgentOrchestrator(held.attempt.agent)
    assert held.item is not None
    withheld = withheld_of(held.item.chapter.version)
    run = AgentRun(
        held, lambda on_text: _write_and_check(orchestrator, task, chunks, withheld, on_text, watch)
    )
    watch = Watch(
        run.is_cancelled,
        held.attempt.context.update,
        held.attempt.usage.update,
        run.clear,
        held.rate_limits.__setitem__,
    )
    finished = run.watch()
    return replace(finished, timings={"context_ms": context_ms, **finished.timings})


def _load(held: Held) -> tuple[ChapterTask, list[TextChunk]]:
    item = held.item
    assert item is not None
    item.chapter = chapter_of(item)
    chunks = chunks_of(item.chapter.node, rules_of(item.chapter.version))
    return chapter_task(held.session, item, chunks), chunks


def _write_and_check(
    orchestrator: AgentOrchestrator,
    task: ChapterTask,
    chunks: list[TextChunk],
    withheld: Withheld,
    on_text: OnText,
    watch: Watch,
) -> FinishedChapter:
    """Runs in the agent's thread, so that whatever a draft breaks is that attempt's failure. Raises AgentError."""
    started = time.perf_counter()
    try:
        draft = orchestrator.write(task, MaskedStream(on_text, withheld) if withheld else on_text, watch)
    except AgentError as error:
        error.message, error.text = withheld.mask(error.message), withheld.mask(error.text)
        raise
    written = time.perf_counter()
    draft = _without_withheld(draft, withheld)
    try:
        finished = _checked(draft, task, chunks)
    except AgentError as error:
        error.text = clean(draft.markdown[:LONGEST_PARTIAL_TEXT])
        raise
    timings = {
        "writer_ms": round((written - started) * 1000, 1),
        "check_ms": round((time.perf_counter() - written) * 1000, 1),
    }
    return replace(finished, timings=timings)


def _without_withheld(draft: ChapterDraft, withheld: Withheld) -> ChapterDraft:
    """Return the draft without what is withheld: a writer may know words that no passage told it."""
    if not withheld:
        return draft
    return replace(
        draft,
        markdown=withheld.mask(draft.markdown),
        title=withheld.mask(draft.title),
        themes=tuple(each for each in draft.themes if not withheld.is_in(each)),
        participants=tuple(each for each in draft.participants if not withheld.is_in(each)),
        tags=tuple(each for each in draft.tags if not withheld.is_in(each)),
        quality_metrics=withheld.mask_all(draft.quality_metrics),
    )


def _checked(draft: ChapterDraft, task: ChapterTask, chunks: list[TextChunk]) -> FinishedChapter:
    """Return the draft with its citations, its metrics and what later chapters may know of it. Raises AgentError."""
    checked = check_draft(draft, task)
    finished = replace(_with_citations(checked, chunks), quality_metrics=measures_of(checked, task))
    return _with_memory(finished, task)


def _note_context(held: Held, task: ChapterTask) -> None:
    """Keep what the writer was given with the attempt; stored with its end, which saves a commit a chapter."""
    held.attempt.context = dict(given_record(held.attempt.agent, task))
    if task.withheld_chunk_ids:
        held.attempt.context["left_out_passages"] = list(task.withheld_chunk_ids)


def _with_citations(draft: ChapterDraft, chunks: list[TextChunk]) -> FinishedChapter:
    keys = {chunk.key: chunk.pk for chunk in chunks}
    passages = find_passages(draft.markdown, {chunk.key: chunk.text for chunk in chunks})
    return FinishedChapter(
        title=draft.title,
        markdown=draft.markdown,
        word_count=count_prose(draft.markdown),
        citations=tuple((p.paragraph, keys[p.chunk_id], p.quote) for p in passages),
        themes=draft.themes,
        participants=draft.participants,
        tags=draft.tags,
        source_chunk_ids=draft.source_chunk_ids,
        confidence=draft.confidence,
        usage=draft.usage,
    )


def _with_memory(finished: FinishedChapter, task: ChapterTask) -> FinishedChapter:
    chunk_ids = [chunk.id for chunk in task.chunks]
    title, markdown = finished.title, finished.markdown
    memory = memory_of(task.number, title, markdown, task.node, chunk_ids, task.context)
    return replace(finished, memory=memory)


def until_stored(held: Held, store: Callable[[], Result]) -> Result | None:
    """Run `store` until the database takes it. Returns None where the claim is lost, or ten minutes are over.

    Work that is done is given up only when the database answers that the claim is no longer this worker's.
    """
    try:
        return until_answered(held, store)
    except LostRace:
        logger.warning("%s: the claim is no longer this worker's; its text stays on the attempt", held.label)
    except AWAY:
        logger.exception("%s: could not be stored for ten minutes", held.label)
    return None


def until_answered(held: Held, work: Callable[[], Result]) -> Result:
    """Run `work` until the database answers, at most ten minutes, renewing the lease between tries."""
    deadline = time.monotonic() + KEEP_TRYING_SECONDS
    pause = 0.1
    while True:
        try:
            return work()
        except AWAY as error:
            if time.monotonic() >= deadline:
                raise
            logger.warning("%s: no answer yet, tried again in %.1f s: %s", held.label, pause, error)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            _renew_quietly(held)


def _renew_quietly(held: Held) -> None:
    try:
        renew(held)
    except AnyDatabaseError:
        connection.close()


def _store_and_claim(held: Held, finished: FinishedChapter, may_claim: bool) -> Held | None:
    """Store the chapter and claim the next in one transaction; where that fails, store it alone."""
    try:
        return _store(held, finished, may_claim)
    except LostRace:
        _keep_text(held, finished.markdown)
        raise
    except (*AWAY, ProcessingSession.DoesNotExist):
        raise
    except Exception:
        if not may_claim:
            raise
        logger.exception("%s: stored alone, the next claim failed", held.label)
        return _store(held, finished, may_claim=False)


def _store(held: Held, finished: FinishedChapter, may_claim: bool) -> Held | None:
    with ledger(held.session.pk, "store_chapter") as book:
        store_chapter(book, held, finished)
        following = claim_chapter(book) if may_claim else None
        wake_for_more(book, following)
    return following


def _fail_and_claim(held: Held, error: AgentError, text: str, may_claim: bool) -> Held | None:
    logger.info("%s failed: %s %s", held.label, error.code, error.message[:200])
    with ledger(held.session.pk, "fail_chapter") as book:
        fail_chapter(book, held, error, text)
        following = claim_chapter(book) if may_claim else None
        wake_for_more(book, following)
    return following


def _give_back(held: Held, text: str) -> None:
    with ledger(held.session.pk, "give_back_chapter") as book:
        give_back(book, held, text)
        book.wake()


def _stop_for_budget(held: Held, offer: Offer, text: str) -> None:
    with ledger(held.session.pk, "stop_for_budget") as book:
        stop_for_budget(book, held, offer, text)


def _keep_text(held: Held, text: str) -> None:
    """The result of a lost claim is not the chapter, but it stays on its attempt."""
    if text:
        # More than the last checkpoint has; what ended well is in the chapter.
        unfinished = Attempt.objects.filter(pk=held.attempt.pk).exclude(outcome=AttemptOutcome.SUCCEEDED)
        with crash_points.around("keep_text"):
            unfinished.update(partial_text=text)
    with crash_points.around("end_lost_attempt"):
        Attempt.objects.filter(pk=held.attempt.pk, outcome=AttemptOutcome.RUNNING).update(
            outcome=AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value
        )
    correct(held)
    if is_current(held):
        logger.error("%s: given up although the claim is current", held.label)
