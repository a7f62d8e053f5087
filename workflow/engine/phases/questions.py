"""Follow-up questions as the engine does them: asks the questioner over the finished chapters, stores what is new."""

from workflow.agents.questions import Question, ask_questions
from workflow.contract.agent_types import WrittenChapter
from workflow.contract.events import EventKind
from workflow.models import AttemptOutcome, FollowUpQuestion, Priority
from workflow.transitions import NO_CLAIM, NO_ERROR, LostRace, ledger

from workflow.engine.claims import Held, end_attempt
from .harmonizing import LoadedBook
from workflow.engine.budget.spending import spent

PRIORITIES = {"high": Priority.HIGH, "medium": Priority.MEDIUM, "low": Priority.LOW}


def ask(book: LoadedBook) -> list[Question]:
    """Return the questions that the written chapters leave open; touches no database."""
    chapters: list[WrittenChapter] = [chapter.written for chapter in book.chapters]
    return ask_questions(chapters)


def store_questions(held: Held, questions: list[Question]) -> bool:
    """Store the questions that are not there yet, and end the phase."""
    with ledger(held.session.pk, "store_questions") as book:
        if book.session.token != held.token:
            raise LostRace(held.label)
        chapters = dict(book.session.items.values_list("number", "chapter_id"))
        rows = [_row(held, question, chapters) for question in questions]
        FollowUpQuestion.objects.bulk_create(rows, ignore_conflicts=True)
        book.record(EventKind.QUESTIONS_ASKED, attempt=held.attempt.number, detail={"questions": len(rows)})
        end_attempt(book, held.token, AttemptOutcome.SUCCEEDED, **spent(book, held))
        book.change(**NO_CLAIM, **NO_ERROR, questioned_at=book.now, questions_error="")
    return True


def _row(held: Held, question: Question, chapters: dict[int, int]) -> FollowUpQuestion:
    return FollowUpQuestion(
        version_id=held.session.version_id,
        session=held.session,
        chapter_id=chapters.get(question.chapter) if question.chapter else None,
        key=question.key[:64],
        category=question.category,
        priority=PRIORITIES.get(question.priority, Priority.MEDIUM),
        text=question.text,
        reason=question.reason,
        evidence=dict(question.evidence) | {"node_id": question.node_id},
    )
