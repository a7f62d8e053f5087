"""What the buttons of a board and of a review have in common."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def press(url: str, target: str = "", form: str = "post") -> SafeString:
    """Return the attributes of a button that does something at `url`, in place or, without scripts, by the form `form`.

    The answer replaces what `target` selects; without one, the board's socket brings what has changed. A tag and not an
    include, because a board may have a thousand of them, and an include takes five times as long.
    """
    return format_html(
        '{}formaction="{}" hx-post="{}"{} hx-disabled-elt="this"',
        format_html('form="{}" ', form) if form else "",
        url,
        url,
        format_html(' hx-target="{}" hx-swap="outerHTML"', target)
        if target
        else SafeString(' hx-swap="none"'),
    )
