"""Moves a session to harmonizing when its chapters are done, or fails it when none can go on."""

from workflow.contract.events import EventKind
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.models import ProcessingSession
from workflow.transitions import NO_ERROR, SessionTransaction

NAMED_AT_MOST = 12


def settle(tx: SessionTransaction) -> None:
    """Move the session to harmonizing when every chapter is written or left out; fail it when none can go on."""
    session = tx.session
    if session.status != SessionStatus.PROCESSING:
        return
    # From the counters that every move keeps: asked after each chapter, it must not read a thousand rows.
    if session.is_settled:
        _finish_writing(tx)
        return
    if session.failed_count and not _can_go_on(tx):
        message = _stuck_message(tx)
        tx.move_session(
            SessionStatus.FAILED,
            EventKind.SESSION_FAILED,
            detail={"message": message},
            changes={"error_code": "chapters_failed", "error_message": message, "finished_at": tx.now},
        )


def _finish_writing(tx: SessionTransaction) -> None:
    """Move the session to harmonizing; without a new text, earlier harmonizing and questions still count."""
    session = tx.session
    is_new = session.harmonized_count < session.written_count
    tx.move_session(
        SessionStatus.HARMONIZING,
        EventKind.WRITING_FINISHED,
        detail={"failed_chapters": session.failed_count} if session.failed_count else None,
        changes={
            **NO_ERROR,
            "next_attempt_at": None,
            **({"harmonized_at": None, "questioned_at": None} if is_new else {}),
        },
    )


def _can_go_on(tx: SessionTransaction) -> bool:
    items = tx.session.items
    return items.filter(status=ItemStatus.IN_PROGRESS).exists() or items.startable().exists()


def _stuck_message(tx: SessionTransaction) -> str:
    """Return the sentence that names the chapters that failed and those that wait for them."""
    numbers = tx.session.items.order_by("number").values_list("number", "status")
    failed = [number for number, status in numbers if status == ItemStatus.FAILED]
    waiting = [number for number, status in numbers if status == ItemStatus.PENDING]
    text = f"{name_chapters(failed)} failed"
    if waiting:
        text += f", and {name_chapters(waiting).lower()} {'waits' if len(waiting) == 1 else 'wait'} for it"
        text = text if len(failed) == 1 else text.removesuffix("it") + "them"
    return f"{text}. Retry to go on."


def missing_words(session: ProcessingSession) -> str:
    """Return the sentence that names the failed chapters of a book that goes on without them; "" without any."""
    if not session.skipped_count:
        return ""
    failed = session.items.filter(status=ItemStatus.FAILED).order_by("number")
    numbers = list(failed.values_list("number", flat=True))
    return (
        f"{name_chapters(numbers)} could not be written and {'is' if len(numbers) == 1 else 'are'} missing."
    )


def name_chapters(numbers: list[int]) -> str:
    """Return "Chapter 3" or "Chapters 3, 4 and 7"; of more than twelve the first eleven or twelve and a count."""
    if len(numbers) == 1:
        return f"Chapter {numbers[0]}"
    shown = [str(number) for number in numbers[:NAMED_AT_MOST]]
    rest = len(numbers) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"Chapters {', '.join(shown)} and {last}"
