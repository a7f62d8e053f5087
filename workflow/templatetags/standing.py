"""How far a chapter is, for the pages of the content."""

from django import template

from books.models import Chapter
from workflow.pages.chapter.progress_line import Standing, standing_of

register = template.Library()


@register.simple_tag
def standing(chapter: Chapter) -> Standing:
    """Return how far the chapter is and, while it has no text, why."""
    return standing_of(chapter)
