"""Describes a chapter's attempts in words for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import ngettext

from books.models import Chapter
from books.reading import number_words, passages_of, sources_of
from books.sources import masked, withheld_of
from chapterflow_site.templatetags.interface import duration
from workflow.agents.orchestrator import label_of
from workflow.contract.failures import Explanation, explain
from workflow.contract.states import ItemStatus
from workflow.models import Attempt, AttemptOutcome, ChapterWorkflowItem
from workflow.progress.spending import Spent, number, of_chapter, of_usage

from .prompt_report import PromptReport, describe, places_for
from .record import PromptRecord

MOST_ATTEMPTS = 50

# The icon and tone of each outcome.
_LOOKS = {
    "running": "in_progress",
    "succeeded": "generated",
    "failed": "failed",
    "waited": "retry",
    "lost": "retry",
    "stopped": "pending",
    "cancelled": "pending",
}


@dataclass(frozen=True)
class AttemptView:
    """One try. `is_last`: nothing more is tried by itself after it.

    `facts` are pairs of name and value; `explanation` is None where nothing went wrong.
    `took`, `writer`, `tokens` and `cost` are its row; "" where there is nothing to say.
    """

    number: int
    look: str
    word: str
    started_at: datetime
    finished_at: datetime | None
    took: str
    writer: str
    tokens: str
    cost: str
    facts: tuple[tuple[str, str], ...]
    code: str
    message: str
    explanation: Explanation | None
    heading: str
    is_newest: bool
    is_last: bool
    partial_text: str
    given: PromptReport | None
    is_alone: bool

    @property
    def is_open(self) -> bool:
        """Whether its details are shown at first: the only one, or the newest where that went wrong."""
        return self.is_alone or (self.is_newest and self.explanation is not None)


def attempts_of(chapter: Chapter) -> list[AttemptView]:
    """Return the newest tries at `chapter`, newest first."""
    item = getattr(chapter, "item", None)
    if item is None:
        return []
    withheld = withheld_of(chapter.version)
    found = [masked(each, withheld) for each in item.attempts.order_by("-number")[:MOST_ATTEMPTS]]
    records = [PromptRecord(attempt.context, attempt.agent) for attempt in found]
    places = places_for(chapter, records, sources_of(passages_of(chapter.current_revision)))
    headings = _headings(found, count_attempts(item))
    return [
        AttemptView(
            number=attempt.number,
            look=_LOOKS.get(attempt.outcome, "pending"),
            word=str(attempt.get_outcome_display()),
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            took=_took(attempt),
            writer=str(attempt.usage.get("model") or "") or label_of(attempt.agent),
            tokens=_tokens(of_usage(attempt.usage)),
            cost=_cost(of_usage(attempt.usage)),
            facts=(
                ("Written by", label_of(attempt.agent)),
                ("Worker", _worker_words(attempt.owner)),
                *_given_facts(record),
                *_usage_facts(attempt.usage),
            ),
            code=attempt.error_code,
            message=attempt.error_message,
            explanation=explain(attempt.error_code) if attempt.error_code else None,
            heading=headings[attempt.number],
            is_newest=attempt is found[0],
            is_last=attempt is found[0] and item.status not in {ItemStatus.PENDING, ItemStatus.IN_PROGRESS},
            partial_text=attempt.partial_text,
            given=describe(record, places) if record else None,
            is_alone=len(found) == 1,
        )
        for attempt, record in zip(found, records, strict=True)
    ]


def count_attempts(item: ChapterWorkflowItem) -> int:
    """Count the attempts as the board does: without those that only found that the provider asked to slow down."""
    return item.attempts.exclude(outcome=AttemptOutcome.WAITED).count()


def _headings(newest_first: list[Attempt], count: int) -> dict[int, str]:
    headings = {}
    for attempt in newest_first:
        is_wait = attempt.outcome == AttemptOutcome.WAITED
        headings[attempt.number] = "A wait for the provider" if is_wait else f"Attempt {count:,}"
        count -= not is_wait
    return headings


def spent_on(chapter: Chapter) -> tuple[tuple[str, str], ...]:
    """Say what all tries at `chapter` came to, where a model was called in more than one of them."""
    item = getattr(chapter, "item", None)
    if item is None or item.attempts.filter(call_count__gt=0).count() < 2:
        return ()
    return tuple(spent_facts(of_chapter(chapter)))


def _took(attempt: Attempt) -> str:
    if attempt.finished_at is None:
        return ""
    seconds = (attempt.finished_at - attempt.started_at).total_seconds()
    return duration(seconds) if seconds >= 1 else "under 1 s"


def _tokens(spent: Spent) -> str:
    if not spent.has_calls:
        return ""
    about = "about " if spent.unreported_count else ""
    return f"{about}{number(spent.input_tokens + spent.output_tokens)}"


def _cost(spent: Spent) -> str:
    return spent.cost if spent.has_calls else ""


def _worker_words(owner: str) -> str:
    """Return an owner's process, which a person can look for; the owner is `run:process id:start time`."""
    parts = owner.split(":")
    return f"process {parts[1]}" if len(parts) > 2 else owner or "not known"


def _given_facts(record: PromptRecord) -> Iterator[tuple[str, str]]:
    """Yield in a few words what was given, for a list of facts about the attempt."""
    passages = len(record.chunks)
    if passages:
        yield "Given", ngettext("%s passage", "%s passages", passages) % f"{passages:,}"
    told = sorted({*record.chapters, *record.titles})
    if told:
        yield "Context", f"{ngettext('chapter', 'chapters', len(told))} {number_words(told)} in summary"
    if record.left_out_passages:
        dropped = len(record.left_out_passages)
        words = ngettext("%s passage", "%s passages", dropped) % f"{dropped:,}"
        yield "Not used", f"{words}, for what the preferences leave out"
    missing = [
        ngettext("%s earlier chapter", "%s earlier chapters", record.left_out_chapters)
        % f"{record.left_out_chapters:,}"
        if record.left_out_chapters
        else "",
        ngettext("facts about %s name", "facts about %s names", len(record.facts_left_out))
        % len(record.facts_left_out)
        if record.facts_left_out
        else "",
        ngettext("%s passage", "%s passages", len(record.left_out)) % len(record.left_out)
        if record.left_out
        else "",
    ]
    if any(missing):
        yield "Left out", ", ".join(filter(None, missing))


def _usage_facts(usage: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what calls of a model came to in words; what somebody's own writer reported as it is."""
    if "calls" in usage:
        yield from spent_facts(of_usage(usage), str(usage.get("model") or ""))
        return
    for name, value in usage.items():
        if isinstance(value, int | float | str) and not isinstance(value, bool) and value != "":
            shown = f"{value:,}" if isinstance(value, int | float) else value[:200]
            yield name.replace("_", " ").capitalize()[:60], shown


def spent_facts(spent: Spent, model: str = "") -> Iterator[tuple[str, str]]:
    """Say what calls of models came to; nothing where there was none."""
    if not spent.has_calls:
        return
    if model:
        yield "Model", model
    calls = spent.call_count
    cached = f" ({spent.cached} from the provider’s cache)" if spent.cached else ""
    yield "Sent and received", f"{spent.sent} and {spent.received} tokens{cached}"
    if calls > 1:
        yield "Calls of the model", number(calls)
    if spent.doubt:
        yield "Reported", spent.doubt
    yield "Cost", spent.cost
