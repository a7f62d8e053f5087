"""Text and HTML as well-formed XML."""

import re

from django.utils.html import escape

# What XML 1.0 cannot carry: control characters, halves of surrogate pairs, two non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_VOID = re.compile(r"<(br|hr)>")
_VOICE_MARK = re.compile(r'<span class="voice"[^>]*>[^<]*</span>\s*')
_HIDDEN = re.compile(r'<span class="vh">([^<]*)</span>')
_CITE = '<a class="cite"'
_NOTEREF = '<a class="cite" epub:type="noteref" role="doc-noteref"'


def without_forbidden(text: str) -> str:
    """Drop the characters that no XML document may have."""
    return _FORBIDDEN.sub("", text)


def xml_text(text: str) -> str:
    """Escape `text` for an element or a quoted attribute."""
    return str(escape(without_forbidden(text)))


def xhtml(html: str) -> str:
    """Turn the sanitizer's HTML into XHTML; an e-reader draws no voice marks and hides no words."""
    visible = _HIDDEN.sub(lambda match: match[1] if match[1] == ":" else "", _VOICE_MARK.sub("", html))
    closed = _VOID.sub(r"<\1/>", visible.replace("&nbsp;", "&#160;"))
    return closed.replace(_CITE, _NOTEREF)
