"""Asks the harmonizer's language model about the rules' suggestions and about conflicting facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from books.models import BookVersion
from books.preferences.rule import preferences_of
from books.sources import withheld_of
from books.text.withheld import Withheld
from workflow.agents.llm import Watch
from workflow.agents.llm.model_review import batches, instructions, judging_inquiry, opinions_in
from workflow.agents.llm.structured import Adviser
from workflow.agents.orchestrator import harmonizer_models
from workflow.contract.agent_types import JSON, OnText, WrittenChapter
from workflow.engine.claims import Claim
from workflow.engine.runs.attempts import AgentRun, AttemptFailed
from workflow.engine.runs.waiting import until_answered
from workflow.harmonization import Finding
from workflow.harmonization.cases import Case, Cases, collect_cases
from workflow.harmonization.judged import Judged, put_together
from workflow.harmonization.opinions import opinion_from
from workflow.harmonization.rules.catalogue import MODEL
from workflow.models import ProcessingSession

from .consultation import Consultation, PhaseTime
from .harmonizing import LoadedBook, find_in, is_waiting


@dataclass(frozen=True)
class _Plan:
    """What the rules found, and what of it the model is asked about."""

    found: Mapping[int, list[Finding]]
    cases: Cases


def judged_by_model(claim: Claim, book: LoadedBook, time: PhaseTime) -> LoadedBook:
    """Return the book with what rules and model have found; as it is where no model is to look at it.

    The model never fails the phase: where it cannot help, the rules' result stands. Raises AttemptFailed where the
    rules themselves fail, LeaseLost, Stopped or LostRace.
    """
    models = harmonizer_models()
    if not models or MODEL not in book.enabled:
        return book
    chapters: list[WrittenChapter] = [chapter.written for chapter in book.chapters]
    plan = AgentRun(claim, lambda on_text: _plan(book, chapters), time.left).watch()
    rules_alone = replace(book, judged=Judged(plan.found, {}))
    cases = plan.cases.cases
    if not cases:
        return rules_alone
    told = instructions(until_answered(claim, lambda: _preferences(claim.session)))
    consultation = _consultation(claim, models, told, book.withheld, time)
    advice = consultation.about(cases, _open(cases, book))
    pairs = [(case, opinion_from(advice.answers.get(case.key))) for case in cases]

    def judge(on_text: OnText) -> Judged:
        return put_together(chapters, plan.found, pairs, asked=claim.attempt.agent, instructions=told)

    try:
        return replace(book, judged=AgentRun(claim, judge, time.left).watch())
    except AttemptFailed as failed:
        # Whatever a model says, it is no reason to fail a book.
        advice.failure = failed.error
        consultation.close(advice, len(cases))
        return rules_alone


def _plan(book: LoadedBook, chapters: list[WrittenChapter]) -> _Plan:
    found = find_in(book)
    return _Plan(found, collect_cases(chapters, found))


def _open(cases: Iterable[Case], book: LoadedBook) -> list[Case]:
    """Return the cases of which a chapter is still to be harmonized."""
    waiting = {chapter.item.number for chapter in book.chapters if is_waiting(chapter)}
    return [case for case in cases if any(side.chapter in waiting for side in case.sides)]


def _consultation(
    claim: Claim, models: tuple[str, ...], told: str, withheld: Withheld, time: PhaseTime
) -> Consultation[Case]:
    def ask(adviser: Adviser, batch: tuple[Case, ...], watch: Watch) -> Mapping[str, object]:
        answer = adviser.ask(judging_inquiry(batch, told).without(withheld), watch)
        return {key: opinion.as_json() for key, opinion in opinions_in(answer, batch).items()}

    return Consultation(claim, models, time.of_model, lambda cases: batches(cases, told), ask)


def _preferences(session: ProcessingSession) -> JSON:
    version = BookVersion.objects.select_related("book").get(pk=session.version_id)
    return withheld_of(version).mask_all(preferences_of(version))
