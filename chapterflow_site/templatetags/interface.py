"""Template tags of the whole interface: icons, links that keep the page's query, plain durations."""

from functools import cache

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from books.text.tags import UNDETERMINED, direction_of, tag_named

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Draw the icon `name` of static/icons.svg; `extra` is a further class."""
    box = "0 0 80 16" if name == "ornament" else "0 0 24 24"
    return format_html(
        '<svg class="icon{}" viewBox="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        f" {extra}" if extra else "",
        box,
        static("icons.svg"),
        name.replace("_", "-"),
    )


@register.simple_tag
def written_in(language: str, direction: str = "") -> SafeString:
    """Return the attributes of an element with a book's own words: their language, and which way they are written.

    `direction` is "auto" for words that may be in another one, such as a passage.
    """
    tag = tag_named(language or "") or UNDETERMINED
    return format_html('lang="{}" dir="{}"', tag, direction or direction_of(tag))


@register.simple_tag(takes_context=True)
def oob(context: Context, style: str = "true") -> SafeString:
    """Return the attribute by which a piece that is sent to a page (`is_oob`) replaces the element of its id.

    `style` is "innerHTML" where the element stays and what is in it is replaced. A page's own pieces have none.
    """
    return _replacing(style) if context.get("is_oob") else SafeString("")


@cache
def _replacing(style: str) -> SafeString:
    return format_html(' hx-swap-oob="{}"', style)


@register.filter
def duration(seconds: float | None) -> str:
    """Write seconds as "22 s", "1 min 20 s", "2 h 5 min"."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@register.filter
def clock(seconds: float | None) -> str:
    """Write a place in a recording as "12:41" or "1:02:03"."""
    if seconds is None:
        return ""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes:02}:{second:02}"
