"""Operations on what a session spends: its usage, and its budget."""

from collections.abc import Iterable, Mapping

from django.db.models import F
from django.http import HttpRequest

from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.types import SessionId, problems
from workflow import actions
from workflow.contract.money import plain_dollars
from workflow.engine.budget.limits import limits_of
from workflow.engine.budget.tally import Tally
from workflow.models import Attempt
from workflow.progress.spending import of_book

from . import schemas, usage_schemas
from .lookup import session_of
from .router import router
from .shown import budget_shown, session_usage, status_shown, usage_shown


@router.get(
    "/sessions/{session_id}/usage",
    response=usage_schemas.SessionUsage,
    operation_id="get_usage",
    summary="Show what a session spent",
)
def used(request: HttpRequest, session_id: SessionId) -> usage_schemas.SessionUsage:
    """Return tokens and money of the session, its book, its chapters, and every attempt and call."""
    session = session_of(request, session_id)
    rows = session.attempts.filter(call_count__gt=0).select_related("item__chapter")
    attempts = list(
        rows.defer("partial_text", "context").order_by(F("item__number").asc(nulls_last=True), "pk")
    )
    return usage_schemas.SessionUsage(
        session_id=str(session.pk),
        usage=session_usage(session),
        book_usage=usage_shown(of_book(session.version.book)),
        budget=budget_shown(session),
        chapters=_chapters(attempts),
        attempts=[_attempt(attempt) for attempt in attempts],
    )


@router.post(
    "/sessions/{session_id}/budget",
    response=schemas.WorkflowStatus,
    operation_id="raise_budget",
    summary="Raise the budget of a session",
    openapi_extra=problems(409),
)
def raised(
    request: HttpRequest, session_id: SessionId, budget: usage_schemas.BudgetOption
) -> schemas.WorkflowStatus:
    """Set a larger limit; one that is left out stays. A session that was paused for its budget goes on."""
    session = session_of(request, session_id)
    limits = limits_of(budget.dollars, budget.tokens)
    actions.raise_budget(session, limits, actor=person_asking(request))
    session.refresh_from_db()
    return status_shown(session)


def _chapters(attempts: Iterable[Attempt]) -> list[usage_schemas.ChapterUsage]:
    sums: dict[str, Tally] = {}
    for attempt in attempts:
        if attempt.item is not None:
            name = attempt.item.chapter.chapter_id
            sums[name] = sums.get(name, Tally()) + Tally.of(attempt)
    return [
        usage_schemas.ChapterUsage(chapter_id=name, usage=usage_shown(tally)) for name, tally in sums.items()
    ]


def _attempt(attempt: Attempt) -> usage_schemas.AttemptUsage:
    calls = attempt.usage.get("calls") if isinstance(attempt.usage, dict) else None
    known = calls if isinstance(calls, list) else []
    return usage_schemas.AttemptUsage(
        chapter_id=attempt.item.chapter.chapter_id if attempt.item else None,
        phase=attempt.phase,
        number=attempt.number,
        outcome=attempt.outcome,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        usage=usage_shown(Tally.of(attempt)),
        calls=[_call(call) for call in known if isinstance(call, dict)],
    )


def _call(call: Mapping[str, object]) -> usage_schemas.Call:
    micros = _number(call, "cost_micros")
    return usage_schemas.Call(
        model=str(call.get("model") or ""),
        input_tokens=_number(call, "input"),
        output_tokens=_number(call, "output"),
        cached_tokens=_number(call, "cached"),
        estimated_input_tokens=_number(call, "estimated_input"),
        estimated_output_tokens=_number(call, "estimated_output"),
        cost=plain_dollars(micros) if micros is not None else None,
    )


def _number(call: Mapping[str, object], key: str) -> int | None:
    value = call.get(key)
    return value if isinstance(value, int) else None
