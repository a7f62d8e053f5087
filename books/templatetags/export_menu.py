"""The small menu that hands out a book as a file."""

from django import template

from books.export import FORMATS
from books.models import BookVersion

register = template.Library()


@register.inclusion_tag("books/_export_menu.html")
def export_menu(version: BookVersion) -> dict[str, object]:
    """Draw the menu of export formats for `version`."""
    return {"version": version, "formats": FORMATS.values()}
