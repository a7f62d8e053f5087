"""Titles without a number of their own: pages, exports and notes put each chapter's number before its title."""

import re
from collections.abc import Sequence
from dataclasses import replace

from .document import NodeSpec

_WORDS = (
    "chapter|chap|ch|kapitel|kap|chapitre|cap[ií]tulo|capitolo|cap|cap[ií]tol|hoofdstuk|kapittel|kapitola|rozdział"
    "|fejezet|luku|bölüm|глава|розділ|κεφάλαιο"
)
_NUMBERS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|[ivxlc]+|\d{1,4}"
)
# A colon, a full stop or a bracket with a space behind it, a dash between spaces: "1.2" and "1-2" stay whole.
_PARTED = r"(?:\s*[:：]\s*|[.)]\s+|\s+[-–|]\s+|\s*—\s*)"
_NAMED = re.compile(rf"(?:{_WORDS})\.?\s*(?:{_NUMBERS}){_PARTED}(?=\S)", re.IGNORECASE)
_EAST_ASIAN = re.compile(
    r"(?:第\s*[\d０-９〇一二三四五六七八九十百]+\s*[章回話话節节]|제\s*\d+\s*장)[\s:：、．.—-]*(?=\S)"
)
_BARE = re.compile(r"(\d{1,4})[.)]\s+(?=\S)")


def plain_title(title: str) -> str:
    """Return "Storm" for "Chapter 1: Storm"; a title that is nothing but a number stays as it is."""
    found = _NAMED.match(title) or _EAST_ASIAN.match(title)
    return title[found.end() :] if found else title


def with_plain_titles(nodes: Sequence[NodeSpec]) -> tuple[NodeSpec, ...]:
    """Take the numbers from the nodes' titles.

    A bare one ("1. Storm") is a chapter's number only where every title has another one: "12. August" alone is a date.
    """
    titles = [plain_title(node.title) for node in nodes]
    bare = [_BARE.match(title) for title in titles]
    if len(nodes) > 1 and all(bare) and len({found[1] for found in bare if found}) == len(nodes):
        titles = [title[found.end() :] for title, found in zip(titles, bare, strict=True) if found]
    return tuple(
        node if node.title == title else replace(node, title=title)
        for node, title in zip(nodes, titles, strict=True)
    )
