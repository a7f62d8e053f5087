"""Writes one claimed chapter: builds its task, lets the writer write, stores the result, claims the next."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from django.db import Error as AnyDatabaseError
from django.db import IntegrityError, InterfaceError, OperationalError, connection

from books.models import TextChunk
from books.passages import find_passages
from workflow.agents.drafts import check_draft, count_words
from workflow.agents.orchestrator import AgentOrchestrator
from workflow.agents.types import AgentError, ChapterDraft, ChapterTask
from workflow.context import chapter_task, chunks_of
from workflow.failures import Failure
from workflow.models import Attempt, AttemptOutcome
from workflow.transitions import LostRace, ledger

from .attempts import AgentRun, AttemptFailed, LeaseLost, Stopped
from .claims import Held, claim_chapter, has_chapter_due, is_current, renew
from .outcomes import FinishedChapter, fail_chapter, give_back, store_chapter

logger = logging.getLogger(__name__)

KEEP_TRYING_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 5.0
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
        _keep_text(held, lost.text)
        return None
    except Stopped as stopped:
        text = stopped.text
        until_stored(held, lambda: _give_back(held, text))
        return None
    return until_stored(held, lambda: _store_and_claim(held, finished, may_claim()))


def _finished_chapter(held: Held) -> FinishedChapter:
    """Everything slow happens here, outside any transaction. Raises AttemptFailed, LeaseLost or Stopped."""
    assert held.item is not None
    started = time.perf_counter()
    chunks = chunks_of(held.item.chapter.node)
    task = chapter_task(held.session, held.item, chunks)
    _note_context(held, task)
    built = time.perf_counter()
    orchestrator = AgentOrchestrator(held.session.writer)
    draft = AgentRun(held, lambda on_text: orchestrator.write(task, on_text)).watch()
    written = time.perf_counter()
    try:
        draft = check_draft(draft, task)
    except AgentError as error:
        raise AttemptFailed(error, draft.markdown) from error
    finished = _with_citations(draft, chunks)
    checked = time.perf_counter()
    timings = {
        "context_ms": round((built - started) * 1000, 1),
        "writer_ms": round((written - built) * 1000, 1),
        "check_ms": round((checked - written) * 1000, 1),
    }
    return replace(finished, timings=timings)


def _note_context(held: Held, task: ChapterTask) -> None:
    """Keep what the writer was given with the attempt; stored with its end, which saves a commit a chapter."""
    held.attempt.context = {
        "chunks": [chunk.id for chunk in task.chunks],
        "chapters": [chapter.number for chapter in task.context.chapters],
        "left_out_chapters": task.context.left_out,
    }


def _with_citations(draft: ChapterDraft, chunks: list[TextChunk]) -> FinishedChapter:
    keys = {chunk.key: chunk.pk for chunk in chunks}
    passages = find_passages(draft.markdown, {chunk.key: chunk.text for chunk in chunks})
    return FinishedChapter(
        title=draft.title,
        markdown=draft.markdown,
        word_count=count_words(draft.markdown),
        citations=tuple((p.paragraph, keys[p.chunk_id], p.quote) for p in passages),
        themes=draft.themes,
        participants=draft.participants,
        tags=draft.tags,
        source_chunk_ids=draft.source_chunk_ids,
        confidence=draft.confidence,
        quality_metrics=draft.quality_metrics,
        usage=draft.usage,
    )


def until_stored(held: Held, store: Callable[[], Result]) -> Result | None:
    """Run `store` until the database takes it, at most ten minutes, renewing the lease between tries.

    Work that is done is given up only when the database answers that the claim is no longer this worker's.
    """
    deadline = time.monotonic() + KEEP_TRYING_SECONDS
    pause = 0.1
    while True:
        try:
            return store()
        except LostRace:
            logger.warning(
                "%s: the claim is no longer this worker's; its text stays on the attempt", held.label
            )
            return None
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() >= deadline:
                logger.exception("%s: could not be stored for ten minutes", held.label)
                return None
            logger.warning("%s: not stored yet, tried again in %.1f s: %s", held.label, pause, error)
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
    except IntegrityError:
        if not may_claim:
            raise
        logger.exception("%s: stored alone, the next claim failed", held.label)
        return _store(held, finished, may_claim=False)


def _store(held: Held, finished: FinishedChapter, may_claim: bool) -> Held | None:
    with ledger(held.session.pk) as book:
        store_chapter(book, held, finished)
        following = claim_chapter(book) if may_claim else None
        if has_chapter_due(book):
            book.wake()
    return following


def _fail_and_claim(held: Held, error: AgentError, text: str, may_claim: bool) -> Held | None:
    logger.info("%s failed: %s %s", held.label, error.code, error.message[:200])
    with ledger(held.session.pk) as book:
        fail_chapter(book, held, error, text)
        following = claim_chapter(book) if may_claim else None
        if has_chapter_due(book):
            book.wake()
    return following


def _give_back(held: Held, text: str) -> None:
    with ledger(held.session.pk) as book:
        give_back(book, held, text)
        book.wake()


def _keep_text(held: Held, text: str) -> None:
    """The result of a lost claim is not the chapter, but it stays on its attempt."""
    Attempt.objects.filter(pk=held.attempt.pk, partial_text="").update(partial_text=text)
    Attempt.objects.filter(pk=held.attempt.pk, outcome=AttemptOutcome.RUNNING).update(
        outcome=AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value
    )
    if is_current(held):
        logger.error("%s: given up although the claim is current", held.label)
