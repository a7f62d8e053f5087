"""What it means that a written chapter is asked for again: its text stays until there is another."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from chapterflow_site.core.rows import run
from workflow.contract.events import EventKind
from workflow.contract.states import WRITTEN, ItemStatus
from workflow.models import ChangeStatus, ChapterWorkflowItem, HarmonizationChange
from workflow.transitions import NO_CLAIM, SessionTransaction

from .dependents import MEET_NEED, NEED_AGAIN, flag_rewritten, let_go_on
from .reopening import FRESH, end_as_cancelled


@dataclass(frozen=True)
class Ending:
    """Where a chapter goes whose attempt came to nothing, and how that is told."""

    status: ItemStatus
    kind: EventKind

    @property
    def changes(self) -> Mapping[str, object]:
        """What else changes with it: a chapter that is not pending is not being written again."""
        return {} if self.status == ItemStatus.PENDING else {"status_before": ""}


def request(
    tx: SessionTransaction,
    item: ChapterWorkflowItem,
    note: str,
    actor: AbstractBaseUser | None,
    writer: str | None,
) -> None:
    """Let the chapter be written once more, with new tries; what depends on it and is not begun waits for it."""
    chosen = {} if writer is None else {"writer": writer}
    tx.move_item(
        item,
        ItemStatus.PENDING,
        EventKind.REGENERATION_REQUESTED,
        actor=actor,
        detail={**chosen, **({"note": note} if note else {})},
        changes={**FRESH, **chosen, "note": note, "status_before": item.status},
    )
    run(NEED_AGAIN, [item.pk])
    _remember(tx)


def withdraw(tx: SessionTransaction, item: ChapterWorkflowItem, actor: AbstractBaseUser | None) -> None:
    """Give the chapter back the status that its text has. Raises LostRace where the claim has changed since."""
    kind = EventKind.REGENERATION_WITHDRAWN
    changes = {**NO_CLAIM, **FRESH, "finished_at": tx.now, "status_before": ""}
    token = item.token
    tx.move_item(item, ItemStatus(item.status_before), kind, token=token, actor=actor, changes=changes)
    if token is not None:
        end_as_cancelled(tx, token)
    run(MEET_NEED, [item.pk])


def last_ending(item: ChapterWorkflowItem) -> Ending:
    """Return how the chapter ends that is not tried any more: FAILED, or with the status of the text that it has."""
    if item.is_written_again:
        return Ending(ItemStatus(item.status_before), EventKind.REGENERATION_FAILED)
    return Ending(ItemStatus.FAILED, EventKind.CHAPTER_FAILED)


def let_others_go_on(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Let what waited for a chapter that is not tried any more go on: without it, or with the text that it has."""
    if item.status == ItemStatus.FAILED:
        let_go_on(tx, item)
    elif item.status in WRITTEN:
        run(MEET_NEED, [item.pk])


def replace_text(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Say of all that the text of before had a part in that there is another now."""
    found = HarmonizationChange.objects.filter(chapter=item.chapter_id)
    found.exclude(status=ChangeStatus.SUPERSEDED).update(status=ChangeStatus.SUPERSEDED)
    flag_rewritten(tx, item)
    _remember(tx)


def _remember(tx: SessionTransaction) -> None:
    tx.change(regeneration_seq=tx.session.event_seq)
