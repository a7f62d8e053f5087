"""Moves a session on when every chapter is written, or fails it when nothing can go on."""

from workflow.events import EventKind
from workflow.states import ItemStatus, SessionStatus
from workflow.transitions import NO_ERROR, Ledger

NAMED_AT_MOST = 12


def settle(book: Ledger) -> None:
    """Move the session on when every chapter is written, or fail it when nothing can go on."""
    session = book.session
    if session.status != SessionStatus.PROCESSING:
        return
    if session.is_all_written:
        book.move_session(
            SessionStatus.HARMONIZING,
            EventKind.WRITING_FINISHED,
            changes={**NO_ERROR, "harmonized_at": None, "questioned_at": None, "next_attempt_at": None},
        )
        return
    if session.failed_count and not _can_go_on(book):
        message = _stuck_message(book)
        book.move_session(
            SessionStatus.FAILED,
            EventKind.SESSION_FAILED,
            detail={"message": message},
            changes={"error_code": "chapters_failed", "error_message": message, "finished_at": book.now},
        )


def _can_go_on(book: Ledger) -> bool:
    items = book.session.items
    return items.filter(status=ItemStatus.IN_PROGRESS).exists() or items.startable().exists()


def _stuck_message(book: Ledger) -> str:
    """Name the chapters that failed and those that wait for them."""
    numbers = book.session.items.order_by("number").values_list("number", "status")
    failed = [number for number, status in numbers if status == ItemStatus.FAILED]
    waiting = [number for number, status in numbers if status == ItemStatus.PENDING]
    text = f"{_chapters(failed)} failed"
    if waiting:
        text += f", and {_chapters(waiting).lower()} {'waits' if len(waiting) == 1 else 'wait'} for it"
        text = text if len(failed) == 1 else text.removesuffix("it") + "them"
    return f"{text}. Retry to go on."


def _chapters(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Chapter {numbers[0]}"
    shown = [str(number) for number in numbers[:NAMED_AT_MOST]]
    rest = len(numbers) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"Chapters {', '.join(shown)} and {last}"
