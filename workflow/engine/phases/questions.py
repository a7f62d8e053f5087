"""Asks the questioner about the written chapters and stores the new follow-up questions."""

from workflow.agents.questions import Question, ask_questions
from workflow.contract.agent_types import WrittenChapter
from workflow.contract.events import EventKind
from workflow.engine.budget.spending import spent
from workflow.engine.claims import Claim, end_attempt
from workflow.models import AttemptOutcome, FollowUpQuestion, Priority
from workflow.transitions import NO_CLAIM, NO_ERROR, LostRace, session_transaction

from .harmonizing import LoadedBook

PRIORITIES = {"high": Priority.HIGH, "medium": Priority.MEDIUM, "low": Priority.LOW}


def ask(book: LoadedBook) -> list[Question]:
    """Return the questions that the written chapters leave open; touches no database."""
    chapters: list[WrittenChapter] = [chapter.written for chapter in book.chapters]
    return ask_questions(chapters)


def store_questions(claim: Claim, questions: list[Question]) -> bool:
    """Store the new questions and end the phase. Raises LostRace where the claim is not current."""
    with session_transaction(claim.session.pk, "store_questions") as tx:
        if tx.session.token != claim.token:
            raise LostRace(claim.label)
        chapters = dict(tx.session.items.values_list("number", "chapter_id"))
        rows = [_row(claim, question, chapters) for question in questions]
        # A question's key is unique in its version: a phase that runs again asks nothing twice, and loses no answer.
        FollowUpQuestion.objects.bulk_create(rows, ignore_conflicts=True)
        tx.record(EventKind.QUESTIONS_ASKED, attempt=claim.attempt.number, detail={"questions": len(rows)})
        end_attempt(tx, claim.token, AttemptOutcome.SUCCEEDED, **spent(tx, claim))
        tx.change(**NO_CLAIM, **NO_ERROR, questioned_at=tx.now, questions_error="")
    return True


def _row(claim: Claim, question: Question, chapters: dict[int, int]) -> FollowUpQuestion:
    return FollowUpQuestion(
        version_id=claim.session.version_id,
        session=claim.session,
        chapter_id=chapters.get(question.chapter) if question.chapter else None,
        key=question.key[:64],
        category=question.category,
        priority=PRIORITIES.get(question.priority, Priority.MEDIUM),
        text=question.text,
        reason=question.reason,
        evidence=dict(question.evidence) | {"node_id": question.node_id},
    )
