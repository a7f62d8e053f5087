"""Works out from a chapter's row what its card says: words and links, no markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import ngettext

from chapterflow_site.templatetags.interface import duration
from workflow.agents.orchestrator import QUOTATIONS
from workflow.contract.failures import explain
from workflow.contract.states import WRITTEN, ItemStatus
from workflow.progress.moments import Moment
from workflow.progress.rows import Needs, Row
from workflow.progress.tries import (
    after_the_wait,
    attempts_in_words,
    attempts_made,
    next_attempt,
    running_attempt,
    waits_until,
)

NAMED_AT_MOST = 3


class DisplayStatus(StrEnum):
    """How a chapter is shown: its status, or why it is pending."""

    IN_PROGRESS = "in_progress"
    RETRY = "retry"
    FAILED = "failed"
    BLOCKED = "blocked"
    PENDING = "pending"
    GENERATED = "generated"
    HARMONIZED = "harmonized"
    COMPLETED = "completed"

    @property
    def word(self) -> str:
        """The word for a person."""
        return (
            "Waiting to retry" if self is DisplayStatus.RETRY else self.value.replace("_", " ").capitalize()
        )


class Named(NamedTuple):
    """Chapters named by number, and how many more there are."""

    numbers: tuple[int, ...] = ()
    more: int = 0

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.numbers) + self.more

    @property
    def verb(self) -> str:
        """What they do, in the right number."""
        return "waits" if self.total == 1 else "wait"

    @property
    def most(self) -> tuple[int, ...]:
        """All that come before the last "and"."""
        return self.numbers if self.more else self.numbers[:-1]

    @property
    def last(self) -> int | None:
        """The one after the "and"; None where "n more" stands there."""
        return None if self.more or not self.numbers else self.numbers[-1]


class Notice(NamedTuple):
    """What went wrong, what follows, what to do. `code` and `message` are for the details.

    `is_advised`: quotations are what a person should choose, as another try would fail alike. `ends` is until when
    it waits for the provider.
    """

    kind: str
    heading: str
    text: str
    code: str
    message: str
    holds: Named = Named()
    offers_quotations: bool = False
    is_advised: bool = False
    ends: Moment | None = None


class Card(NamedTuple):
    """All that a card shows. Two equal cards look the same, so that a card is its own key in the cache."""

    number: int
    title: str
    look: DisplayStatus
    url: str
    attempts_url: str
    retry_url: str
    facts: tuple[str, ...]
    state: str
    quality: str
    after: Named
    waits_for: Named
    since: Moment | None
    until: Moment | None
    tried: Moment | None
    notice: Notice | None
    outdated: str
    again_url: str
    keep_url: str
    writers: tuple[tuple[str, str], ...] = ()

    @property
    def held_up(self) -> str:
        """How many chapters wait for it: "3 chapters"."""
        count = self.notice.holds.total if self.notice else 0
        return ngettext("%s chapter", "%s chapters", count) % f"{count:,}"


@dataclass(frozen=True)
class Surroundings:
    """What a card needs beyond its row. `chapter_url` and `action_url` end where the chapter's number goes.

    `is_skipping` is whether the book goes on without a failed chapter.
    `writers` are those that may be chosen for a failed chapter, by string and label; `writer` is the session's.
    """

    needs: Needs = field(default_factory=dict)
    blocked: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    holds: Mapping[int, Named] = field(default_factory=dict)
    chapter_url: str = ""
    action_url: str = ""
    can_retry: bool = True
    is_skipping: bool = False
    writers: tuple[tuple[str, str], ...] = ()
    writer: str = QUOTATIONS


def make_card(row: Row, around: Surroundings) -> Card:
    """Work out the card of `row`."""
    look = display_status_of(row, around.blocked)
    url = f"{around.chapter_url}{row.number}/"
    action = f"{around.action_url}{row.number}/"
    retry = look is DisplayStatus.FAILED and around.can_retry
    outdated = row.outdated_reason if row.status in WRITTEN else ""
    return Card(
        number=row.number,
        title=row.title,
        look=look,
        url=url,
        attempts_url=f"{url}attempts/",
        retry_url=f"{action}retry/" if retry else "",
        facts=tuple(_facts(row, look)),
        state=_state(row, look),
        quality=_quality(row),
        after=name_some(around.needs.get(row.number, ())) if look is DisplayStatus.PENDING else Named(),
        waits_for=name_some(around.blocked.get(row.number, ())) if look is DisplayStatus.BLOCKED else Named(),
        since=Moment.maybe(row.started_at) if look is DisplayStatus.IN_PROGRESS else None,
        until=Moment.maybe(row.next_attempt_at) if look is DisplayStatus.RETRY else None,
        tried=Moment.maybe(row.finished_at) if look is DisplayStatus.FAILED else None,
        notice=_notice(row, look, around),
        outdated=outdated,
        again_url=f"{action}again/" if outdated and around.can_retry else "",
        keep_url=f"{action}keep/" if row.status_before else "",
        writers=_others(row, around) if retry else (),
    )


def display_status_of(row: Row, blocked: Mapping[int, tuple[int, ...]]) -> DisplayStatus:
    """Return how the chapter is shown."""
    if row.status != ItemStatus.PENDING:
        return DisplayStatus(row.status)
    if row.number in blocked:
        return DisplayStatus.BLOCKED
    return DisplayStatus.RETRY if row.next_attempt_at else DisplayStatus.PENDING


def name_some(numbers: Sequence[int]) -> Named:
    """Name the first few of `numbers` and count the others."""
    shown = len(numbers) if len(numbers) <= NAMED_AT_MOST + 1 else NAMED_AT_MOST
    return Named(tuple(numbers[:shown]), len(numbers) - shown)


def who_waits(blocked: Mapping[int, Iterable[int]]) -> dict[int, Named]:
    """Return for each failed chapter the ones that wait for it."""
    waiting: dict[int, list[int]] = {}
    for number, causes in blocked.items():
        for cause in causes:
            waiting.setdefault(cause, []).append(number)
    return {number: name_some(numbers) for number, numbers in waiting.items()}


def _others(row: Row, around: Surroundings) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in around.writers if each[0] != (row.writer or around.writer))


def _facts(row: Row, look: DisplayStatus) -> Iterable[str]:
    if row.passage_count:
        yield ngettext("%s passage", "%s passages", row.passage_count) % f"{row.passage_count:,}"
    else:
        yield "No source text"
    took = (row.finished_at - row.started_at).total_seconds() if row.finished_at and row.started_at else None
    if look is DisplayStatus.IN_PROGRESS:
        yield running_attempt(row)
        yield f"worker {row.owner.split(':')[1]}" if row.owner.count(":") >= 2 else "one worker"
    elif look is DisplayStatus.RETRY and attempts_made(row) and not waits_until(row):
        yield f"attempt {attempts_made(row)} failed" + (
            f" after {duration(took)}" if took is not None else ""
        )
    elif row.status in WRITTEN:
        if attempts_made(row) > 1:
            yield attempts_in_words(row)
        if took is not None and took >= 0.5:
            yield duration(took)
    elif look in {DisplayStatus.PENDING, DisplayStatus.BLOCKED} and row.source_words:
        yield ngettext("%s word of source", "%s words of source", row.source_words) % f"{row.source_words:,}"


def _state(row: Row, look: DisplayStatus) -> str:
    if row.status in WRITTEN:
        return ngettext("%s word", "%s words", row.word_count) % f"{row.word_count:,}"
    if look is DisplayStatus.RETRY:
        return "waits for the provider" if waits_until(row) else next_attempt(row)
    if look is DisplayStatus.FAILED and attempts_made(row):
        return f"after {attempts_in_words(row)}"
    return ""


def _quality(row: Row) -> str:
    """Return the quality with two digits, to compare by eye; "" where nothing is written or was measured."""
    is_known = row.status in WRITTEN and row.quality_score is not None
    return f"{row.quality_score:.2f}" if is_known else ""


def _notice(row: Row, look: DisplayStatus, around: Surroundings) -> Notice | None:
    if not row.error_code or (
        look not in {DisplayStatus.FAILED, DisplayStatus.RETRY} and row.status not in WRITTEN
    ):
        return None
    why = explain(row.error_code)
    details = (row.error_code, row.error_message)
    if look is DisplayStatus.FAILED:
        offers = around.can_retry and (row.writer or around.writer) != QUOTATIONS
        return Notice(
            "failed",
            why.heading,
            f"{why.advice} The book goes on without it." if around.is_skipping else why.advice,
            *details,
            holds=around.holds.get(row.number, Named()),
            offers_quotations=offers,
            is_advised=offers and not why.passes,
        )
    if look is DisplayStatus.RETRY:
        ends = waits_until(row)
        if ends:
            return Notice("retry", why.heading, after_the_wait(row), *details, ends=Moment.at(ends))
        return Notice("retry", why.heading, "This can pass by itself.", *details)
    return Notice(
        "retry", f"Not written again: {why.heading}", f"The earlier text stays. {why.advice}", *details
    )
