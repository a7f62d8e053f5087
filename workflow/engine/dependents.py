"""Lets chapters wait for those that they depend on, go on without them, and flags them as out of date."""

from collections.abc import Collection, Iterable, Mapping

from django.db.models import F

from books.models import Chapter, ChapterRevision, Dependencies
from workflow.contract.events import EventKind
from workflow.contract.states import OnFailure
from workflow.models import ChapterWorkflowItem, Event, ItemDependency
from workflow.queries import meet_need, need_again
from workflow.transitions import SessionTransaction

from .claims import Claim

_NEW_TEXT = (EventKind.CHAPTER_GENERATED, EventKind.CHAPTER_REGENERATED)
LONGEST_REASON = 500
MISSED = "It was written without chapter {number}, which has come since."
REWRITTEN = "Chapter {number}, which it builds on, has been written again since."


def let_go_on(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Let dependents of a failed chapter go on without it, where the session skips."""
    if tx.session.on_failure == OnFailure.SKIP:
        meet_need(item.pk)


def let_wait_again(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Let dependents of a retried chapter that are not begun wait for it again, where the session skips."""
    if tx.session.on_failure == OnFailure.SKIP:
        need_again(item.pk)


def flag_outdated(tx: SessionTransaction, claim: Claim, revision: ChapterRevision) -> None:
    """Flag texts that were written without a chapter that has come since: this one, and its dependents.

    Also this one where a chapter that it depends on was written again while it was.
    """
    item = claim.item
    assert item is not None
    is_skipping = tx.session.on_failure == OnFailure.SKIP
    # Without skipping or regeneration nothing can have come in between, and this costs no query.
    if is_skipping or tx.session.regeneration_seq > claim.session.event_seq:
        for number, kind in _come_since(claim, item):
            flag_missed(tx, [item.number], number, is_rewritten=kind == EventKind.CHAPTER_REGENERATED)
    if is_skipping and revision.number == 1 and _has_failed_before(claim, item):
        flag_missed(tx, _behind(item), item.number)


def flag_rewritten(tx: SessionTransaction, item: ChapterWorkflowItem) -> None:
    """Flag the dependents of a chapter that was written again: they build on an earlier text of it."""
    flag_missed(tx, _behind(item), item.number, is_rewritten=True)


def _come_since(claim: Claim, item: ChapterWorkflowItem) -> list[tuple[int, str]]:
    """Return the chapters that this one depends on and whose text came while it was written, with the Event's kind."""
    later = Event.objects.filter(
        session=claim.session.pk, seq__gt=claim.session.event_seq, kind__in=_NEW_TEXT
    )
    is_sequence = claim.session.dependencies == Dependencies.SEQUENTIAL
    before = range(1, item.number) if is_sequence else frozenset(item.nearest_before)
    written = later.order_by("item__number").values_list("item__number", "kind")
    return [(number, kind) for number, kind in written if number in before]


def _has_failed_before(claim: Claim, item: ChapterWorkflowItem) -> bool:
    if claim.attempt.number == 1:
        return False
    return Event.objects.filter(item=item.pk, kind=EventKind.CHAPTER_FAILED).exists()


def _behind(item: ChapterWorkflowItem) -> Collection[int]:
    """Return the numbers of all chapters that depend on `item`, directly or not."""
    # One pass by number suffices: each chapter depends on lower numbers only.
    later = ItemDependency.objects.filter(item__session=item.session_id, item__number__gt=item.number)
    found = {item.number}
    for number, needed in later.order_by("item__number").values_list("item__number", "needs__number"):
        if needed in found:
            found.add(number)
    return found - {item.number}


def flag_missed(
    tx: SessionTransaction, numbers: Collection[int], missed: int, *, is_rewritten: bool = False
) -> None:
    """Flag the written ones among `numbers` as written without chapter `missed`, with an Event for each."""
    items = list(tx.session.items.written().filter(number__in=numbers).order_by("number"))
    if not items:
        return
    pks = [each.chapter_id for each in items]
    before = dict(Chapter.objects.filter(pk__in=pks).values_list("pk", "outdated_reason"))
    reason = (REWRITTEN if is_rewritten else MISSED).format(number=missed)
    for old, chapters in _by_reason(before).items():
        # Each reason once; a text that misses very many chapters keeps the first reasons.
        together = f"{old} {reason}".strip()
        if reason not in old and len(together) <= LONGEST_REASON:
            Chapter.objects.filter(pk__in=chapters).update(outdated_reason=together)
    rows = ChapterWorkflowItem.objects.filter(pk__in=[each.pk for each in items])
    rows.update(row_version=F("row_version") + 1)
    for each in items:
        detail = {"rewritten" if is_rewritten else "missed": missed}
        tx.record(EventKind.CHAPTER_OUTDATED, each, detail=detail)


def _by_reason(reasons: Mapping[int, str]) -> dict[str, Iterable[int]]:
    found: dict[str, list[int]] = {}
    for pk, reason in reasons.items():
        found.setdefault(reason, []).append(pk)
    return dict(found)
