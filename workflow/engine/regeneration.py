"""Handles a written chapter that is asked for again, whose text stays until there is another."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from workflow.contract.events import EventKind
from workflow.contract.states import WRITTEN, ItemStatus
from workflow.models import ChangeStatus, ChapterWorkflowItem, HarmonizationChange
from workflow.queries import meet_need, need_again
from workflow.transitions import NO_CLAIM, SessionTransaction

from .dependents import flag_rewritten, let_go_on
from .reopening import FRESH, end_as_cancelled


@dataclass(frozen=True)
class Ending:
    """The status of a chapter after an attempt without a result, and the kind of its Event."""

    status: ItemStatus
    kind: EventKind

    @property
    def changes(self) -> Mapping[str, object]:
        """Columns that change along: a chapter that is not pending is no longer being written again."""
        return {} if self.status == ItemStatus.PENDING else {"status_before": ""}


def request(
    tx: SessionTransaction,
    item: ChapterWorkflowItem,
    note: str,
    actor: AbstractBaseUser | None,
    writer: str | None,
) -> None:
    """Queue the chapter to be written again, with new attempts; dependents that are not begun wait for it.

    Raises LostRace where its status has changed since it was read.
    """
    chosen = {} if writer is None else {"writer": writer}
    tx.move_item(
        item,
        ItemStatus.PENDING,
        EventKind.REGENERATION_REQUESTED,
        actor=actor,
        detail={**chosen, **({"note": note} if note else {})},
        changes={**FRESH, **chosen, "note": note, "status_before": item.status},
    )
    # Also for dependents that are written: their counts matter only once they are pending again.
    need_again(item.pk)
    _remember(tx)


def withdraw(tx: SessionTransaction, item: ChapterWorkflowItem, actor: AbstractBaseUser | None) -> None:
    """Withdraw the request: give the chapter the status of its text. Raises LostRace where its claim has changed."""
    kind = EventKind.REGENERATION_WITHDRAWN
    changes = {**NO_CLAIM, **FRESH, "finished_at": tx.now, "status_before": ""}
    token = item.token
    tx.move_item(item, ItemStatus(item.status_before), kind, token=token, actor=actor, changes=changes)
    if token is not None:
        end_as_cancelled(tx, token)
    meet_need(item.pk)


def last_ending(item: ChapterWorkflowItem) -> Ending:
    """Return how a chapter ends that is not retried: FAILED, or with the status of the text that it still has."""
    if item.is_written_again:
        return Ending(ItemStatus(item.status_before), EventKind.REGENERATION_FAILED)
    return Ending(ItemStatus.FAILED, EventKind.CHAPTER_FAILED)


def let_others_go_on(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Let dependents of a chapter that is not retried go on: without it, or with the text that it still has."""
    if item.status == ItemStatus.FAILED:
        let_go_on(tx, item)
    elif item.status in WRITTEN:
        meet_need(item.pk)


def replace_text(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Mark what rests on the earlier text as superseded: its harmonizing changes, and its dependents' texts."""
    found = HarmonizationChange.objects.filter(chapter=item.chapter_id)
    found.exclude(status=ChangeStatus.SUPERSEDED).update(status=ChangeStatus.SUPERSEDED)
    flag_rewritten(tx, item)
    _remember(tx)


def _remember(tx: SessionTransaction) -> None:
    # A claim that is older than this number may have read the text of before (`flag_outdated`).
    tx.change(regeneration_seq=tx.session.event_seq)
