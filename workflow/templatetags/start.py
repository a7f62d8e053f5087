"""The start panel of an outline: estimate, options, the Start button; the options are the process's to know."""

from django import template
from django.utils.formats import number_format

from books.models import BookVersion, Dependencies
from books.outline.listing import Outline, outline_of
from books.storyline.values.estimate import Span
from workflow.agents.checkup import ROLES, label_of_role
from workflow.agents.orchestrator import label_of
from workflow.contract.states import OnFailure
from workflow.models import ProcessingSession
from workflow.pages.start.writer_choice import writer_choice

register = template.Library()

_ABOUT = {
    Dependencies.GRAPH: "Independent chapters are written side by side.",
    Dependencies.SEQUENTIAL: "Each chapter knows the one before.",
}
_ON_FAILURE_ABOUT = {"hold": "Nothing is written on a gap.", "skip": "You can write it later."}


@register.inclusion_tag("workflow/_start.html")
def start_panel(version: BookVersion, outline: Outline, writer: str | None) -> dict[str, object]:
    """Draw the panel from which a version is started; after the start it only says what was chosen."""
    session = ProcessingSession.objects.filter(version=version).first() if version.is_started else None
    choice = writer_choice(version.book, writer)
    return {
        **choice.context,
        "version": version,
        "book": version.book,
        "outline": outline_of(version, choice.writer) if choice.is_fallback and not writer else outline,
        "session": session,
        "dependencies": [
            (mode.value, mode.label, _ABOUT[mode]) for mode in (Dependencies.GRAPH, Dependencies.SEQUENTIAL)
        ],
        "on_failure": [(each.value, each.label, _ON_FAILURE_ABOUT[each.value]) for each in OnFailure],
        "writer_label": label_of(session.writer) if session else "",
    }


@register.simple_tag
def configured_roles() -> list[tuple[str, str]]:
    """Return who writes by default, harmonizes and asks in this installation, for whoever looks after it."""
    return [(role.capitalize(), label_of_role(role)) for role in ROLES]


@register.filter
def words_span(span: Span | None) -> str:
    """Write a span of words as "19,000 to 23,000 words", rounded to two figures."""
    if span is None:
        return "not known beforehand"
    low, high = _rounded(span.low), _rounded(span.high)
    if low == high:
        return f"{_number(low)} word{'' if low == 1 else 's'}"
    return f"{_number(low)} to {_number(high)} words"


@register.filter
def time_span(span: Span | None) -> str:
    """Write a span of seconds as "15 to 25 minutes", in the unit that fits its end."""
    if span is None:
        return "not known beforehand"
    if span.high < 60:
        return f"less than {max(1, round(span.high))} second{'' if span.high < 1.5 else 's'}"
    unit, size = ("minutes", 60) if span.high < 2 * 3600 else ("hours", 3600)
    low, high = max(1, round(span.low / size)), max(1, round(span.high / size))
    return f"{low} to {high} {unit}" if low != high else f"about {high} {unit if high > 1 else unit[:-1]}"


def _rounded(value: float) -> int:
    whole = round(value)
    step = 10 ** max(0, len(str(whole)) - 2)
    return int(round(whole / step) * step)


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)
