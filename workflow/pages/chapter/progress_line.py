"""Says how far a chapter is and, while it has no text, why, in words for a person."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import ngettext

from books.models import Chapter
from books.reading import number_words
from workflow.agents.orchestrator import QUOTATIONS, allowed_writers
from workflow.contract.failures import explain
from workflow.contract.states import WRITTEN, ItemStatus, SessionStatus
from workflow.models import ChapterWorkflowItem
from workflow.pages.board.preview import plain_paragraphs, text_so_far
from workflow.progress.moments import Moment
from workflow.progress.tries import after_the_wait, next_attempt, waits_until

NAMED_AT_MOST = 50


@dataclass(frozen=True)
class ProgressLine:
    """A chapter's status for a page. `look` picks icon and tone; `heading` and `advice` say why there is no text.

    `writers` are others that may be chosen, and `is_advised` is whether quotations are what a person should choose, as
    another try would fail alike. `so_far` is what is kept of a text that is being written, in paragraphs.
    """

    look: str
    word: str
    heading: str = ""
    advice: str = ""
    code: str = ""
    detail: str = ""
    session_id: UUID | None = None
    so_far: tuple[str, ...] = ()
    offers_quotations: bool = False
    is_advised: bool = False
    writers: tuple[tuple[str, str], ...] = ()

    @property
    def is_failed(self) -> bool:
        """Whether a person must ask for it again."""
        return self.look == ItemStatus.FAILED

    @property
    def is_written(self) -> bool:
        """Whether its text is done."""
        return self.look in WRITTEN


def progress_line_of(chapter: Chapter) -> ProgressLine:
    """Say how far `chapter` is; one that is in no session has not been started."""
    item = getattr(chapter, "item", None)
    if item is None:
        return ProgressLine(
            "pending", "Not started", "Not started yet", "It is written when the book is started."
        )
    look, word = str(item.status), str(item.get_status_display())
    if item.status in WRITTEN:
        return ProgressLine(look, word, session_id=item.session_id)
    if item.status == ItemStatus.FAILED:
        return _failed(item)
    if item.status == ItemStatus.IN_PROGRESS:
        heading, advice = "It is being written now", "The board shows the text as it comes."
        so_far = tuple(plain_paragraphs(text_so_far(item)))
        return ProgressLine(look, word, heading, advice, session_id=item.session_id, so_far=so_far)
    if item.next_attempt_at and item.error_code:
        heading, advice = explain(item.error_code).heading, _when_it_goes_on(item)
        return ProgressLine(
            "retry", "Waiting to retry", heading, advice, item.error_code, session_id=item.session_id
        )
    return _waiting(chapter)


def _failed(item: ChapterWorkflowItem) -> ProgressLine:
    why = explain(item.error_code)
    own = item.writer or item.session.writer
    can_retry = item.session.status != SessionStatus.CANCELLED
    offers = can_retry and own != QUOTATIONS
    return ProgressLine(
        str(item.status),
        str(item.get_status_display()),
        why.heading,
        why.advice,
        item.error_code,
        item.error_message,
        item.session_id,
        offers_quotations=offers,
        is_advised=offers and not why.passes,
        writers=tuple(each for each in allowed_writers() if each[0] != own) if can_retry else (),
    )


def _waiting(chapter: Chapter) -> ProgressLine:
    item = chapter.item
    waits = dict(item.depends_on.exclude(status__in=WRITTEN).values_list("number", "status")[:NAMED_AT_MOST])
    failed = sorted(number for number, status in waits.items() if status == ItemStatus.FAILED)
    if failed:
        heading = _after(failed)
        advice = "That one failed. When it is written, this one goes on by itself."
        if len(failed) > 1:
            advice = "Those failed. When they are written, this one goes on by itself."
        return ProgressLine("blocked", "Blocked", heading, advice, session_id=item.session_id)
    if waits:
        heading = _after(sorted(waits))
        return ProgressLine(
            "pending", "Pending", heading, "It goes on by itself.", session_id=item.session_id
        )
    advice = _when_it_goes_on(item)
    return ProgressLine("pending", "Pending", "It waits for its turn", advice, session_id=item.session_id)


def _when_it_goes_on(item: ChapterWorkflowItem) -> str:
    if item.session.is_paused:
        return "The book is paused. It goes on when you resume it on the board."
    if item.next_attempt_at and item.next_attempt_at > timezone.now():
        again = f"It is tried again at {Moment.at(item.next_attempt_at).clock}, by itself"
        ends = waits_until(item)
        if ends:
            return (
                f"{again}, and waits for the provider until {Moment.at(ends).clock}. {after_the_wait(item)}"
            )
        return f"{again}: {next_attempt(item)}."
    return "A worker takes it as soon as one is free."


def _after(numbers: list[int]) -> str:
    words = ngettext("It waits for chapter %s", "It waits for chapters %s", len(numbers))
    return words % number_words(numbers)
