"""How far a chapter is, for the pages of the content."""

from django import template

from books.models import Chapter
from workflow.pages.chapter.progress_line import ProgressLine, progress_line_of

register = template.Library()


@register.simple_tag
def standing(chapter: Chapter) -> ProgressLine:
    """Return how far the chapter is and, while it has no text, why."""
    return progress_line_of(chapter)
