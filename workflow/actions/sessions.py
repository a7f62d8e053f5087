"""Starting, pausing, resuming, cancelling and retrying."""

from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser

from books.models import BookVersion, Dependencies
from books.writers import writer_of
from chapterflow_site.core.exceptions import Conflict, Invalid
from workflow.agents.orchestrator import check_allowed
from workflow.contract.events import EventKind
from workflow.contract.states import UNFINISHED, ItemStatus, OnFailure, SessionStatus
from workflow.engine.budget.limits import Limits, check_limits, default_limits
from workflow.engine.dependents import let_wait_again
from workflow.engine.regeneration import withdraw
from workflow.engine.reopening import FRESH, end_as_cancelled, go_on
from workflow.engine.session_progress import settle
from workflow.engine.setup import make_session
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.transitions import NO_CLAIM, LostRace, SessionTransaction, session_transaction


def start_session(
    version: BookVersion,
    *,
    actor: AbstractBaseUser | None,
    writer: str | None = None,
    dependencies: str | None = None,
    on_failure: str | None = None,
    idempotency_key: str = "",
    limits: Limits | None = None,
) -> tuple[ProcessingSession, bool]:
    """Start the version. Returns its session and whether it was made now; starting twice is one session.

    A cancelled session goes on. Raises Conflict where the session was started with other options, Invalid where an
    option is unknown, the outline is empty, or the writer cannot be kept to `limits` (by default the installation's).
    """
    asked = _checked_options(version, writer, dependencies, on_failure)
    existing = ProcessingSession.objects.filter(version=version).first()
    if existing is None:
        kept = check_limits(default_limits(asked["writer"]) if limits is None else limits, asked["writer"])
        key = idempotency_key[:200]
        session, created = make_session(version, actor=actor, idempotency_key=key, limits=kept, **asked)
        if created:
            return session, True
        existing = session
    _check_same_options(existing, writer, dependencies, on_failure)
    _check_same_budget(existing, limits)
    if existing.status == SessionStatus.CANCELLED:
        return _restart(existing, actor), False
    return existing, False


def _checked_options(
    version: BookVersion, writer: str | None, dependencies: str | None, on_failure: str | None
) -> dict[str, str]:
    asked_dependencies = dependencies or version.dependencies
    if asked_dependencies not in Dependencies.values:
        raise Invalid("dependencies_unknown", "Dependencies are “sequential” or “graph”.")
    asked_on_failure = on_failure or OnFailure.HOLD
    if asked_on_failure not in OnFailure.values:
        raise Invalid("on_failure_unknown", "On failure, what depends on a chapter can “hold” or “skip”.")
    asked_writer = check_allowed(writer_of(version.book, writer))
    return {"writer": asked_writer, "dependencies": asked_dependencies, "on_failure": asked_on_failure}


def _check_same_options(
    session: ProcessingSession, writer: str | None, dependencies: str | None, on_failure: str | None
) -> None:
    asked = {"writer": writer, "dependencies": dependencies, "on_failure": on_failure}
    other = [name for name, value in asked.items() if value and value != getattr(session, name)]
    if other:
        raise Conflict(
            "other_options",
            f"This version was already started with another choice of {' and '.join(other).replace('_', ' ')}. "
            "Upload the storyline as a new version to choose again.",
        )


def _check_same_budget(session: ProcessingSession, limits: Limits | None) -> None:
    if limits and limits != Limits.of(session):
        raise Conflict(
            "other_options", "This version was already started with another budget. Raise that one."
        )


def _restart(session: ProcessingSession, actor: AbstractBaseUser | None) -> ProcessingSession:
    """Let a cancelled session go on: written chapters are kept, failed ones get new tries."""
    with session_transaction(session.pk, "restart_session") as tx:
        if tx.session.status == SessionStatus.CANCELLED:
            tx.move_session(
                SessionStatus.PROCESSING,
                EventKind.SESSION_RESTARTED,
                actor=actor,
                changes={**FRESH, "paused_at": None, "started_at": tx.session.started_at or tx.now},
            )
            _retry_failed(tx, actor)
            settle(tx)
            tx.wake()
        return tx.session


def pause_session(session: ProcessingSession, *, actor: AbstractBaseUser | None) -> ProcessingSession:
    """Pause the session: nothing more is claimed, attempts that run still finish. Pausing twice is pausing once.

    Raises Conflict where the book is not being written.
    """
    with session_transaction(session.pk, "pause_session") as tx:
        if tx.session.status not in UNFINISHED:
            raise Conflict("not_running", "Only a book that is being written can be paused.")
        if tx.session.paused_at is None:
            tx.change(paused_at=tx.now, pause_reason="")
            tx.record(EventKind.SESSION_PAUSED, actor=actor)
        return tx.session


def resume_session(session: ProcessingSession, *, actor: AbstractBaseUser | None) -> ProcessingSession:
    """Resume a paused session. Raises Conflict where the book is not being written."""
    with session_transaction(session.pk, "resume_session") as tx:
        if tx.session.status not in UNFINISHED:
            raise Conflict("not_running", "Only a paused book can be resumed.")
        if tx.session.paused_at is not None:
            tx.change(paused_at=None)
            tx.record(EventKind.SESSION_RESUMED, actor=actor)
            tx.wake()
        return tx.session


def cancel_session(session: ProcessingSession, *, actor: AbstractBaseUser | None) -> ProcessingSession:
    """Cancel the session at once: claims are revoked, attempts that run are told to stop, written chapters stay.

    Chapters that were asked for again keep the text that they have. Raises Conflict where the book is complete.
    """
    with session_transaction(session.pk, "cancel_session") as tx:
        if tx.session.status == SessionStatus.CANCELLED:
            return tx.session
        if tx.session.status == SessionStatus.COMPLETED:
            raise Conflict("already_completed", "The book is completed; there is nothing to cancel.")
        for item in list(tx.session.items.exclude(status_before="").order_by("number")):
            withdraw(tx, item, actor)
        for item in tx.session.items.filter(status=ItemStatus.IN_PROGRESS).order_by("number"):
            _revoke(tx, item, actor)
        if tx.session.token is not None:
            end_as_cancelled(tx, tx.session.token)
        tx.move_session(
            SessionStatus.CANCELLED,
            EventKind.SESSION_CANCELLED,
            actor=actor,
            changes={**NO_CLAIM, "finished_at": tx.now, "paused_at": None},
        )
        return tx.session


def _revoke(tx: SessionTransaction, item: ChapterWorkflowItem, actor: AbstractBaseUser | None) -> None:
    token = item.token
    assert token is not None
    tx.move_item(
        item,
        ItemStatus.PENDING,
        EventKind.ATTEMPT_CANCELLED,
        token=token,
        actor=actor,
        attempt=item.attempt_count,
        changes={**NO_CLAIM, "finished_at": tx.now},
    )
    end_as_cancelled(tx, token)


def retry_chapter(
    item: ChapterWorkflowItem, *, actor: AbstractBaseUser | None, writer: str | None = None
) -> ChapterWorkflowItem:
    """Try a failed chapter again, with three new attempts; what waits for it goes on by itself afterwards.

    `writer` writes this chapter from now on, in the place of the session's or of one chosen before; None leaves it.
    Raises Conflict where the chapter has not failed, Invalid where the installation does not allow the writer.
    """
    chosen = {} if writer is None else {"writer": check_allowed(writer)}
    with session_transaction(item.session_id, "retry_chapter") as tx:
        _check_retryable(tx.session)
        fresh = tx.session.items.get(pk=item.pk)
        if fresh.status != ItemStatus.FAILED:
            raise Conflict(
                "not_failed", f"Chapter {fresh.number} has not failed, so there is nothing to retry."
            )
        try:
            _retry(tx, fresh, actor, chosen)
        except LostRace:
            raise Conflict("not_failed", f"Chapter {fresh.number} is already being tried again.") from None
        go_on(tx, SessionStatus.PROCESSING, actor)
        return fresh


def retry_session(session: ProcessingSession, *, actor: AbstractBaseUser | None) -> int:
    """Retry what failed: all failed chapters, or the harmonizing. Returns how many chapters.

    Raises Conflict where nothing has failed, or the session was cancelled.
    """
    with session_transaction(session.pk, "retry_session") as tx:
        _check_retryable(tx.session)
        if tx.session.failed_count:
            count = _retry_failed(tx, actor)
            go_on(tx, SessionStatus.PROCESSING, actor)
            return count
        if tx.session.status == SessionStatus.FAILED and tx.session.is_settled:
            go_on(tx, SessionStatus.HARMONIZING, actor)
            return 0
        raise Conflict("nothing_failed", "No chapter has failed, so there is nothing to retry.")


def _check_retryable(session: ProcessingSession) -> None:
    if session.status == SessionStatus.CANCELLED:
        raise Conflict("cancelled", "The session was cancelled. Start it again to go on.")


def _retry_failed(tx: SessionTransaction, actor: AbstractBaseUser | None) -> int:
    failed = list(tx.session.items.filter(status=ItemStatus.FAILED).order_by("number"))
    for item in failed:
        _retry(tx, item, actor)
    return len(failed)


def _retry(
    tx: SessionTransaction,
    item: ChapterWorkflowItem,
    actor: AbstractBaseUser | None,
    chosen: Mapping[str, str] | None = None,
) -> None:
    changes = {**FRESH, **(chosen or {})}
    tx.move_item(
        item, ItemStatus.PENDING, EventKind.CHAPTER_RETRIED, actor=actor, detail=chosen, changes=changes
    )
    let_wait_again(tx, item)
