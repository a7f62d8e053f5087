"""Asks rules and, where one is set, a language model about the written chapters; stores the follow-up questions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from books.text.withheld import Withheld
from workflow.agents.llm import Watch
from workflow.agents.llm.model_questions import (
    Brief,
    asking_inquiry,
    batches,
    brief_of,
    instructions,
    questions_in,
)
from workflow.agents.llm.structured import Adviser
from workflow.agents.orchestrator import questioner_models
from workflow.agents.questions import Question, ask_questions
from workflow.agents.questions.proposed import Proposed, accept, proposed_from
from workflow.contract.agent_types import OnText, WrittenChapter
from workflow.contract.events import EventKind
from workflow.engine.budget.tally import spent
from workflow.engine.claims import Claim, end_attempt
from workflow.engine.runs.attempts import AgentRun, AttemptFailed
from workflow.engine.runs.waiting import until_answered
from workflow.models import AttemptOutcome, FollowUpQuestion, Priority
from workflow.transitions import NO_CLAIM, NO_ERROR, LostRace, session_transaction

from .consultation import Consultation, PhaseTime
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


def asked_by_model(
    claim: Claim, book: LoadedBook, questions: Sequence[Question], time: PhaseTime
) -> list[Question]:
    """Return what the model asks beside the rules' `questions` and those of earlier; none where no model is set.

    The model never fails the phase: where it cannot help, the rules' questions stand. Raises AttemptFailed where our
    own reading of the book fails, LeaseLost, Stopped or LostRace.
    """
    models = questioner_models()
    if not models:
        return []
    stored = until_answered(claim, lambda: _stored(claim))
    chapters: list[WrittenChapter] = [chapter.written for chapter in book.chapters]
    briefs = AgentRun(claim, lambda on_text: _briefs(chapters, questions), time.left).watch()
    if not briefs:
        return []
    consultation = Consultation(claim, models, time.of_model, batches, partial(_ask, book.withheld))
    advice = consultation.about(briefs, briefs)
    proposed = list(_read(advice.answers, briefs))
    known = [*stored, *(text for question in questions for text in _texts(question))]

    def check(on_text: OnText) -> list[Question]:
        return accept(proposed, chapters, known, asked_by=claim.attempt.agent, instructions=instructions())

    try:
        return AgentRun(claim, check, time.left).watch()
    except AttemptFailed as failed:
        # Whatever a model says, it is no reason to lose the rules' questions.
        advice.failure = failed.error
        consultation.close(advice, len(briefs))
        return []


def _stored(claim: Claim) -> list[str]:
    rows = FollowUpQuestion.objects.filter(version=claim.session.version_id)
    return list(rows.values_list("text", flat=True))


def _briefs(chapters: Sequence[WrittenChapter], questions: Iterable[Question]) -> list[Brief]:
    asked: defaultdict[int | None, list[str]] = defaultdict(list)
    for question in questions:
        asked[question.chapter].append(question.text)
    briefs = (brief_of(chapter, asked[chapter.number]) for chapter in chapters)
    return [brief for brief in briefs if brief.chunk_ids]


def _ask(
    withheld: Withheld, adviser: Adviser, batch: tuple[Brief, ...], watch: Watch
) -> Mapping[str, object]:
    answer = adviser.ask(asking_inquiry(batch).without(withheld), watch)
    found = questions_in(answer, batch)
    return {key: [each.as_json() for each in proposed] for key, proposed in found.items()}


def _read(answers: Mapping[str, object], briefs: Iterable[Brief]) -> Iterable[Proposed]:
    for brief in briefs:
        kept = answers.get(brief.key)
        for each in kept if isinstance(kept, list) else ():
            proposed = proposed_from(each)
            if proposed is not None:
                yield proposed


def _texts(question: Question) -> Iterable[str]:
    """Yield the question and the quote that it rests on: asking about the same words asks the same."""
    yield question.text
    quote = question.evidence.get("quote")
    if isinstance(quote, str) and quote:
        yield quote
