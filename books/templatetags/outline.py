"""Addresses within an outline, which may be shown in groups."""

from django import template
from django.template.context import RequestContext

from books.outline.groups import group_of

register = template.Library()


@register.simple_tag(takes_context=True)
def to_place(context: RequestContext, place: int) -> str:
    """Return where on the outline page the chapter at `place` stands: in groups, its group is shown there."""
    anchor = f"#chapter-{place}"
    return f"?group={group_of(place)}{anchor}" if context.get("is_grouped") else anchor
