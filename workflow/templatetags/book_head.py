"""What the head of a book needs on every page of it: its tabs, its other versions, when its session began."""

from dataclasses import dataclass
from datetime import datetime

from django import template
from django.urls import reverse
from django.utils.translation import ngettext

from books.models import BookVersion
from workflow.models import ProcessingSession
from workflow.pages.board.tabs import Tab, WaitingCounts, count_waiting, tabs_of

register = template.Library()


@dataclass(frozen=True)
class Head:
    """The head of a book's page. `others` are the book's other versions with their addresses."""

    tabs: list[Tab]
    others: list[tuple[int, str]]
    started: datetime | None
    size: str


@register.simple_tag
def book_head(version: BookVersion) -> Head:
    """Return the head of `version`, in four queries at most."""
    session = ProcessingSession.objects.filter(version=version).first()
    waiting = count_waiting(session) if session else WaitingCounts()
    numbers = BookVersion.objects.filter(book_id=version.book_id).exclude(pk=version.pk)
    chapters = session.total_chapters if session else version.node_count
    return Head(
        tabs=tabs_of(version, session, waiting),
        others=[(number, _address(version, number)) for number in numbers.values_list("number", flat=True)],
        started=session.created_at if session else None,
        size=ngettext("%s chapter", "%s chapters", chapters) % f"{chapters:,}",
    )


def _address(version: BookVersion, number: int) -> str:
    return reverse("outline", kwargs={"book_id": version.book.book_id, "number": number})
