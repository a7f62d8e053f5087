"""Raising the budget of a session, which lets it go on where it was paused for it."""

from django.contrib.auth.models import AbstractBaseUser

from chapterflow_site.core.exceptions import Conflict, Invalid
from workflow.engine.budget.limits import Limits, check_limits
from workflow.contract.events import EventKind
from workflow.models import ProcessingSession
from workflow.contract.states import UNFINISHED, SessionStatus
from workflow.transitions import Ledger, ledger

RAISABLE = UNFINISHED | {SessionStatus.FAILED}


def raise_budget(
    session: ProcessingSession, limits: Limits, *, actor: AbstractBaseUser | None
) -> ProcessingSession:
    """Set larger limits; one that is not named stays. A session that was paused for its budget goes on.

    Raises Conflict where a limit is not larger than it was, Invalid where it cannot be kept to.
    """
    with ledger(session.pk, "raise_budget") as book:
        if book.session.status not in RAISABLE:
            raise Conflict("not_running", "Only a book that is being written has a budget to raise.")
        _check_larger(limits, book.session)
        check_limits(limits, book.session.writer)
        _set(book, limits, actor)
        if book.session.is_over_budget:
            book.change(paused_at=None, pause_reason="")
            book.record(EventKind.SESSION_RESUMED, actor=actor)
            book.wake()
        return book.session


def _check_larger(limits: Limits, session: ProcessingSession) -> None:
    if not limits:
        raise Invalid("budget_missing", "Name a budget: how much the book may cost from now on.")
    pairs = ((limits.micros, session.budget_micros), (limits.tokens, session.budget_tokens))
    if any(new is not None and old is not None and new <= old for new, old in pairs):
        now = Limits(session.budget_micros, session.budget_tokens)
        raise Conflict("budget_not_raised", f"The budget is {now} already. Name more than that.")


def _set(book: Ledger, limits: Limits, actor: AbstractBaseUser | None) -> None:
    detail: dict[str, object] = {"budget": str(limits)}
    if limits.micros is not None:
        book.change(budget_micros=limits.micros)
        detail["micros"] = limits.micros
    if limits.tokens is not None:
        book.change(budget_tokens=limits.tokens)
        detail["tokens"] = limits.tokens
    book.record(EventKind.BUDGET_RAISED, actor=actor, detail=detail)
