"""Deciding on the harmonizer's changes, and answering questions."""

from collections.abc import Callable

from django.contrib.auth.models import AbstractBaseUser

from books.models import Book, Chapter, ChapterRevision, Origin, TextChunk
from books.sources import rules_of
from books.text.citations import find_passages
from books.text.storable import without_piles
from chapterflow_site.core import crash_points
from chapterflow_site.core.exceptions import Conflict, Invalid
from workflow.context.chapter_task import chunks_of, source_chunk, source_node
from workflow.context.continuity import renew_facts, written_texts
from workflow.contract.agent_types import WrittenChapter
from workflow.contract.events import EventKind
from workflow.contract.states import SessionStatus
from workflow.engine.measuring import compared_with, measures_again
from workflow.engine.phases.harmonizing import memory_in, revise
from workflow.harmonization import RULE_KEYS, Edited, protected_spans
from workflow.harmonization import apply_change as edit_in
from workflow.harmonization import undo_change as edit_out
from workflow.models import (
    ChangeStatus,
    ChapterWorkflowItem,
    ConsistencyRule,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
    QuestionStatus,
)
from workflow.transitions import NO_ERROR, SessionTransaction, session_transaction

LONGEST_ANSWER = 20_000
IN_THE_TEXT = frozenset({ChangeStatus.APPLIED, ChangeStatus.KEPT})
NOT_IN_THE_TEXT = frozenset({ChangeStatus.SUGGESTED, ChangeStatus.UNDONE, ChangeStatus.DISMISSED})


def undo_change(change: HarmonizationChange, *, actor: AbstractBaseUser | None) -> HarmonizationChange:
    """Take an applied change back: a new revision has the words that stood there before."""
    if change.status == ChangeStatus.UNDONE:
        return change
    _check_status(change, IN_THE_TEXT, "Only a change that was made can be undone.")

    def edit(markdown: str) -> Edited:
        return edit_out(
            markdown,
            change.find,
            change.replace or "",
            change.offset,
            before=change.before,
            after=change.after,
        )

    return _decide(change, ChangeStatus.UNDONE, EventKind.CHANGE_UNDONE, actor, edit)


def apply_change(change: HarmonizationChange, *, actor: AbstractBaseUser | None) -> HarmonizationChange:
    """Make a suggested change, or make an undone one again: a new revision has the new words.

    The person who makes it has looked at it, so that it counts as kept. Raises Conflict where it cannot be made.
    """
    if change.status in IN_THE_TEXT:
        return change
    _check_status(change, NOT_IN_THE_TEXT, "This change cannot be made.")
    if change.is_refused:
        raise Conflict("refused", "This proposal did not pass the checks, so it cannot be made.")
    if change.replace is None:
        raise Conflict(
            "no_replacement", "There is nothing to put in its place; this is only something to look at."
        )
    replacement = change.replace

    def edit(markdown: str) -> Edited:
        sources = [
            source_chunk(chunk) for chunk in chunks_of(change.chapter.node, rules_of(change.chapter.version))
        ]
        return edit_in(
            markdown,
            change.find,
            replacement,
            change.offset,
            protected_spans(markdown, sources),
            before=change.before,
            after=change.after,
        )

    return _decide(change, ChangeStatus.KEPT, EventKind.CHANGE_APPLIED, actor, edit)


def keep_change(change: HarmonizationChange, *, actor: AbstractBaseUser | None) -> HarmonizationChange:
    """Note that the person has looked at an applied change and keeps it."""
    if change.status == ChangeStatus.KEPT:
        return change
    _check_status(change, frozenset({ChangeStatus.APPLIED}), "Only a change that was made can be kept.")
    return _decide(change, ChangeStatus.KEPT, EventKind.CHANGE_KEPT, actor)


def dismiss_change(change: HarmonizationChange, *, actor: AbstractBaseUser | None) -> HarmonizationChange:
    """Put a suggestion aside."""
    if change.status == ChangeStatus.DISMISSED:
        return change
    allowed = frozenset({ChangeStatus.SUGGESTED, ChangeStatus.REJECTED})
    _check_status(change, allowed, "Only a suggestion can be put aside.")
    return _decide(change, ChangeStatus.DISMISSED, EventKind.CHANGE_DISMISSED, actor)


def _check_status(change: HarmonizationChange, allowed: frozenset[ChangeStatus], refusal: str) -> None:
    if change.status not in allowed:
        raise Conflict("not_possible", refusal)


def _decide(
    change: HarmonizationChange,
    status: ChangeStatus,
    kind: EventKind,
    actor: AbstractBaseUser | None,
    edit: Callable[[str], Edited] | None = None,
) -> HarmonizationChange:
    """Write the decision, and the chapter's new text where there is one, in one transaction."""
    with session_transaction(change.session_id, "decide_change") as tx:
        rows = HarmonizationChange.objects.filter(pk=change.pk, status=change.status)
        columns: dict[str, object] = {
            "status": status,
            "decided_by_id": actor.pk if actor else None,
            "decided_at": tx.now,
        }
        if edit is not None:
            verb = "Undone" if status == ChangeStatus.UNDONE else "Applied"
            columns |= _rewrite(tx, change, edit, actor, f"{verb}: {change.reason}")
        if not rows.update(**columns):
            raise Conflict(
                "decided_meanwhile", "Somebody else has just decided on this change. Reload the page."
            )
        item = ChapterWorkflowItem.objects.get(chapter=change.chapter_id)
        tx.record(kind, item, actor=actor, detail={"change": change.pk, "rule": change.rule})
    change.refresh_from_db()
    return change


def _rewrite(
    tx: SessionTransaction,
    change: HarmonizationChange,
    edit: Callable[[str], Edited],
    actor: AbstractBaseUser | None,
    reason: str,
) -> dict[str, object]:
    """Store the edited text as the chapter's new revision. Returns the change's new place."""
    chapter = Chapter.objects.select_related("current_revision", "node", "item", "version__book").get(
        pk=change.chapter_id
    )
    current = chapter.current_revision
    if current is None:
        raise Conflict("not_written", "The chapter has no text.")
    edited = edit(current.markdown)
    if not edited.markdown.strip():
        raise Conflict("would_be_empty", "Nothing would be left of the chapter, so the change was not made.")
    chunks = chunks_of(chapter.node, rules_of(chapter.version))
    keys = {chunk.key: chunk.pk for chunk in chunks}
    passages = find_passages(edited.markdown, {chunk.key: chunk.text for chunk in chunks})
    citations = tuple((p.paragraph, keys[p.chunk_id], p.quote) for p in passages)
    revision = revise(
        current,
        edited.markdown,
        citations,
        metrics=_metrics(chapter, current, edited.markdown, chunks),
        origin=Origin.PERSON,
        reasons=[reason],
        created_by_id=actor.pk if actor else None,
    )
    _let_item_follow(tx, chapter, revision, chunks)
    return {
        "offset": edited.offset,
        "before": edited.before[-200:],
        "after": edited.after[:200],
        "revision": revision,
    }


def _let_item_follow(
    tx: SessionTransaction, chapter: Chapter, revision: ChapterRevision, chunks: list[TextChunk]
) -> None:
    """Let what boards and later chapters know of the chapter be that of its new text."""
    sources = [source_chunk(chunk) for chunk in chunks]
    written = WrittenChapter(
        chapter.number,
        revision.title,
        revision.markdown,
        source_node(chapter.node, rules_of(chapter.version)),
        sources,
    )
    memory = memory_in(revision.markdown, written)
    renew_facts(chapter.item, memory)
    tx.touch_item(
        chapter.item,
        word_count=revision.word_count,
        quality_score=revision.quality_score,
        story_line=memory.line,
    )


def _metrics(
    chapter: Chapter, current: ChapterRevision, markdown: str, chunks: list[TextChunk]
) -> dict[str, object]:
    sources = [source_chunk(chunk) for chunk in chunks]
    node = source_node(chapter.node, rules_of(chapter.version))
    written = WrittenChapter(chapter.number, current.title, markdown, node, sources)
    metrics = current.quality_metrics
    earlier = written_texts(chapter.version_id, compared_with(metrics))
    return measures_again(metrics, written, chapter.version.book.card(), earlier)


def switch_rule(book: Book, key: str, *, enabled: bool, actor: AbstractBaseUser | None) -> ConsistencyRule:
    """Switch one of the harmonizer's rules for the book; it counts from the next harmonizing on. Raises Invalid."""
    if key not in RULE_KEYS:
        raise Invalid("rule_unknown", "The harmonizer has no such rule.")
    with crash_points.named_commit("switch_rule"):
        rule, _ = ConsistencyRule.objects.update_or_create(
            book=book, key=key, defaults={"is_enabled": enabled}
        )
    return rule


def answer_question(
    question: FollowUpQuestion, *, actor: AbstractBaseUser | None, answer: str
) -> FollowUpQuestion:
    """Store the answer; an earlier one is replaced. Raises Invalid where it is empty or too long."""
    text = without_piles(answer.replace("\x00", "")).strip()
    if not text:
        raise Invalid("answer_empty", "Write an answer first, or put the question aside.")
    if len(text) > LONGEST_ANSWER:
        raise Invalid("answer_too_long", "The answer is longer than 20,000 characters. Shorten it.")
    return _settle_question(question, QuestionStatus.ANSWERED, EventKind.QUESTION_ANSWERED, actor, text)


def dismiss_question(question: FollowUpQuestion, *, actor: AbstractBaseUser | None) -> FollowUpQuestion:
    """Put the question aside; an answer that was given is kept with it."""
    return _settle_question(
        question, QuestionStatus.DISMISSED, EventKind.QUESTION_DISMISSED, actor, question.answer
    )


def _settle_question(
    question: FollowUpQuestion,
    status: QuestionStatus,
    kind: EventKind,
    actor: AbstractBaseUser | None,
    answer: str,
) -> FollowUpQuestion:
    with session_transaction(question.session_id, "settle_question") as tx:
        FollowUpQuestion.objects.filter(pk=question.pk).update(
            status=status, answer=answer, answered_by_id=actor.pk if actor else None, answered_at=tx.now
        )
        tx.record(kind, actor=actor, detail={"question": question.pk})
    question.refresh_from_db()
    return question


def ask_again(session: ProcessingSession, *, actor: AbstractBaseUser | None) -> ProcessingSession:
    """Look for more follow-up questions; those that are there stay. Raises Conflict before the book is complete."""
    with session_transaction(session.pk, "ask_again") as tx:
        if tx.session.status != SessionStatus.COMPLETED:
            raise Conflict("not_completed", "Questions are asked when the book is completed.")
        if tx.session.questioned_at is not None and tx.session.token is None:
            tx.change(**NO_ERROR, questioned_at=None, questions_error="", next_attempt_at=None)
            tx.record(EventKind.QUESTIONS_REQUESTED, actor=actor)
            tx.wake()
        return tx.session
