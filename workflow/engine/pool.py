"""Writes many chapters at once in one process, for writers that wait: one thread watches them all.

That thread alone touches the database for them. Each chapter is the steps of `writing.chapter_steps`, and each agent
runs in a thread of its own, as everywhere.
"""

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from chapterflow_site.core.logs import working_on
from workflow.agents.orchestrator import waits
from workflow.models import ProcessingSession
from workflow.processes import stopping

from .claims import Claim
from .retry_policy import POLICY
from .runs.keeper import ClaimKeeper
from .runs.waiting import Steps
from .slots.slot_queue import wake_next
from .writing import ClaimNext, chapter_steps

logger = logging.getLogger(__name__)

# A chapter that lost its worker so often may be what kills it: it is written beside the pool, one in a process, so that
# another loss is counted against no more than that one for the last time.
MOST_LOSSES = POLICY.losses - 2
IDLE_SECONDS = 0.5
# One round of the watching thread takes milliseconds, an outage of the database included: it waits for none.
STUCK_SECONDS = 300.0


def is_for_pool(writer: str, losses: int) -> bool:
    """Return whether a chapter is for the pool: by this writer, after so many losses of its worker."""
    return losses <= MOST_LOSSES and waits(writer)


@dataclass
class PooledChapter:
    """A chapter in the pool: its steps, and when the next of them is due at the latest (`time.monotonic`)."""

    claim: Claim
    following: ClaimNext
    steps: Steps[Claim | None]
    context: contextvars.Context
    due: float = 0.0


class ChapterPool:
    """The chapters that this process writes at once, `places` at most.

    The worker's own thread adds chapters; whoever stores one claims the session's next for the same place.
    `when_closing` is called once that thread has ended, while the last chapters are still being written.
    """

    def __init__(self, places: int, when_closing: Callable[[], object] = lambda: None) -> None:
        self._places = places
        self._when_closing = when_closing
        self._keeper = ClaimKeeper()
        self._lock = threading.Condition()
        self._added: list[tuple[Claim, Callable[[], bool]]] = []
        self._chapters: list[PooledChapter] = []
        self._thread: threading.Thread | None = None
        self._looked_at = time.monotonic()
        self._is_wanted = False
        self._is_closing = False
        self._owner = threading.current_thread()

    @property
    def free_places(self) -> int:
        """How many more chapters may be added."""
        with self._lock:
            return self._places - len(self._chapters) - len(self._added)

    def add(self, claim: Claim, may_claim: Callable[[], bool]) -> None:
        """Write the claimed chapter, and after it the session's next ones for as long as `may_claim` says."""
        with self._lock:
            self._added.append((claim, may_claim))
            if self._thread is None:
                # No daemon: at the process's end what is being written is finished or given back, as `stopping` says.
                self._thread = threading.Thread(target=self._run, name="chapter pool")
                self._thread.start()
        self._keeper.news.set()

    def wait_for_place(self, seconds: float) -> bool:
        """Wait until a place is free, at most so long. Meanwhile no chapter hands its place on after its slice."""
        with self._lock:
            self._is_wanted = True
            try:
                return self._lock.wait_for(
                    lambda: self._places > len(self._chapters) + len(self._added), seconds
                )
            finally:
                self._is_wanted = False

    def is_stuck(self) -> bool:
        """Return whether there are chapters and the watching thread has not looked at them for five minutes."""
        return self.free_places < self._places and time.monotonic() - self._looked_at > STUCK_SECONDS

    def _run(self) -> None:
        """Carry all chapters, until the process ends and none is left."""
        try:
            while not self._is_over():
                self._keeper.news.wait(self._next_due() - time.monotonic())
                self._keeper.news.clear()
                self._looked_at = time.monotonic()
                try:
                    self._go_round()
                except Exception:
                    # Without this thread nothing in the pool would go on, nor would its leases be renewed.
                    logger.exception("a round of the pool broke; the next one goes on")
                    connection.close()
                    time.sleep(IDLE_SECONDS)
        finally:
            connection.close()

    def _go_round(self) -> None:
        if not self._is_closing and not self._owner.is_alive():
            self._is_closing = True
            self._when_closing()
        self._take_added()
        for chapter in list(self._chapters):
            self._go_on(chapter)

    def _is_over(self) -> bool:
        with self._lock:
            is_over = not self._chapters and not self._added and self._is_ending()
            # Under the lock of `add`, which starts another thread from here on.
            self._thread = None if is_over else self._thread
        return is_over

    def _is_ending(self) -> bool:
        return stopping.is_requested() or not self._owner.is_alive()

    def _next_due(self) -> float:
        idle = time.monotonic() + IDLE_SECONDS
        return min((chapter.due for chapter in self._chapters), default=idle)

    def _take_added(self) -> None:
        with self._lock:
            added, self._added = self._added, []
            self._chapters.extend(self._begun(claim, may_claim) for claim, may_claim in added)

    def _begun(self, claim: Claim, may_claim: Callable[[], bool]) -> PooledChapter:
        following = ClaimNext(lambda: self._may_go_on(may_claim), is_for_pool, looks_on=False)
        return self._steps_of(claim, following)

    def _steps_of(self, claim: Claim, following: ClaimNext) -> PooledChapter:
        steps = _logged(claim, chapter_steps(claim, following, self._keeper))
        return PooledChapter(claim, following, steps, contextvars.copy_context())

    def _may_go_on(self, may_claim: Callable[[], bool]) -> bool:
        """Return whether a chapter's place goes to the session's next one: for its slice, then while nobody waits."""
        return not self._is_ending() and (not self._is_wanted or may_claim())

    def _go_on(self, chapter: PooledChapter) -> None:
        """Do the chapter's next step; where it was the last, begin the next chapter or free the place."""
        try:
            chapter.due = time.monotonic() + chapter.context.run(next, chapter.steps)
            return
        except StopIteration as end:
            following: Claim | None = end.value
        except ProcessingSession.DoesNotExist:
            logger.info("session %s is gone", chapter.claim.session.pk)
            following = None
        except Exception:
            # The lease runs out, and the pacemaker gives the chapter to another worker.
            logger.exception("%s: the pool lost it", chapter.claim.label)
            following = None
        with self._lock:
            self._chapters.remove(chapter)
            if following is not None:
                self._chapters.append(self._steps_of(following, chapter.following))
                self._keeper.news.set()
            self._lock.notify_all()
        # Others may have waited for the slot that is free now; without this they would wait for the pacemaker.
        if following is None and chapter.claim.providers:
            wake_next()


def _logged(claim: Claim, steps: Steps[Claim | None]) -> Steps[Claim | None]:
    assert claim.item is not None
    number, attempt = claim.item.number, claim.attempt.number
    with working_on(session=str(claim.session.pk), chapter=number, attempt=attempt):
        return (yield from steps)
