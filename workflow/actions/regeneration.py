"""Asking for a written chapter again, and taking that back."""

from django.contrib.auth.models import AbstractBaseUser

from books.text.storable import clean
from chapterflow_site.core.exceptions import Conflict, Invalid
from workflow.agents.orchestrator import check_allowed
from workflow.contract.states import WRITTEN, ItemStatus, SessionStatus
from workflow.engine.regeneration import request, withdraw
from workflow.engine.reopening import go_on
from workflow.engine.session_progress import settle
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.transitions import LostRace, SessionTransaction, session_transaction

LONGEST_NOTE = 1_000


def regenerate_chapter(
    item: ChapterWorkflowItem,
    *,
    actor: AbstractBaseUser | None,
    note: str = "",
    writer: str | None = None,
) -> ChapterWorkflowItem:
    """Have a written chapter written again; its text stays the present one until there is another.

    `note` says what the writer shall do otherwise, at most 1,000 characters; `writer` writes this chapter from now
    on, None leaves it. What depends on the chapter keeps its text and is flagged as outdated afterwards.
    Raises Conflict where there is no text yet, it is being written again already, or the session was cancelled;
    Invalid where the note is too long or the installation does not allow the writer.
    """
    asked = _checked_note(note)
    chosen = None if writer is None else check_allowed(writer)
    with session_transaction(item.session_id, "regenerate_chapter") as tx:
        _check_open(tx.session)
        fresh = tx.session.items.get(pk=item.pk)
        _check_written(fresh)
        _request(tx, [fresh], actor, asked, chosen)
        return fresh


def regenerate_outdated(session: ProcessingSession, *, actor: AbstractBaseUser | None) -> int:
    """Have all chapters written again that are flagged as outdated, each after those that it builds on.

    Returns how many. Raises Conflict where there is none, or the session was cancelled.
    """
    with session_transaction(session.pk, "regenerate_outdated") as tx:
        _check_open(tx.session)
        items = list(tx.session.items.outdated().order_by("number"))
        if not items:
            raise Conflict(
                "nothing_outdated", "No chapter is out of date, so there is nothing to write again."
            )
        _request(tx, items, actor, "", None)
        return len(items)


def withdraw_regeneration(
    item: ChapterWorkflowItem, *, actor: AbstractBaseUser | None
) -> ChapterWorkflowItem:
    """Withdraw the request to write a chapter again: its text stays, what is being written is dropped.

    Raises Conflict where it was not asked for again.
    """
    with session_transaction(item.session_id, "withdraw_regeneration") as tx:
        fresh = tx.session.items.get(pk=item.pk)
        if not fresh.is_written_again:
            raise Conflict(
                "not_asked_again",
                f"Chapter {fresh.number} is not being written again, so nothing was changed.",
            )
        withdraw(tx, fresh, actor)
        settle(tx)
        tx.wake()
        return fresh


def _request(
    tx: SessionTransaction,
    items: list[ChapterWorkflowItem],
    actor: AbstractBaseUser | None,
    note: str,
    writer: str | None,
) -> None:
    try:
        for item in items:
            request(tx, item, note, actor, writer)
    except LostRace:
        raise Conflict("changed_meanwhile", "A chapter has changed meanwhile. Reload the page.") from None
    go_on(tx, SessionStatus.PROCESSING, actor)


def _checked_note(note: str) -> str:
    text = clean(note).strip()
    if len(text) > LONGEST_NOTE:
        raise Invalid("note_too_long", f"The note is longer than {LONGEST_NOTE:,} characters. Shorten it.")
    return text


def _check_open(session: ProcessingSession) -> None:
    if session.status == SessionStatus.CANCELLED:
        raise Conflict("cancelled", "The session was cancelled. Start it again, then ask for chapters again.")


def _check_written(item: ChapterWorkflowItem) -> None:
    if item.status in WRITTEN:
        return
    if item.is_written_again:
        raise Conflict("already_asked", f"Chapter {item.number} is already being written again.")
    if item.status == ItemStatus.FAILED:
        raise Conflict("not_written", f"Chapter {item.number} has failed and has no text. Retry it instead.")
    raise Conflict(
        "not_written", f"Chapter {item.number} has no text yet. It is written without being asked again."
    )
