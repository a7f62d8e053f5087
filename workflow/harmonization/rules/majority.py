"""Which of several styles most of the book has."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from workflow.harmonization.types import Finding


@dataclass(frozen=True)
class StyleCount:
    """In how many places and chapters a style stands."""

    places: int
    chapters: int


def count_styles(by_chapter: Iterable[Sequence[str]]) -> dict[str, StyleCount]:
    """Count styles, one list of them for each chapter; the order is that of first appearance."""
    places: Counter[str] = Counter()
    chapters: Counter[str] = Counter()
    for styles in by_chapter:
        places.update(styles)
        chapters.update(set(styles))
    return {style: StyleCount(count, chapters[style]) for style, count in places.items()}


def majority(counts: dict[str, StyleCount], allowed: Collection[str]) -> str | None:
    """Return the allowed style with the most places (of equals, the first in the book), or None."""
    styles = [style for style in counts if style in allowed]
    return max(styles, key=lambda style: counts[style].places, default=None)


def counted(count: int, one: str, many: str) -> str:
    """Return "1 place", "2 places"."""
    return f"{count:,} {one if count == 1 else many}"


def where(count: StyleCount) -> str:
    """Return "14 places of 4 chapters"."""
    return f"{counted(count.places, 'place', 'places')} of {counted(count.chapters, 'chapter', 'chapters')}"


def style_evidence(counts: dict[str, StyleCount]) -> dict[str, object]:
    """Return the counts as plain JSON."""
    return {style: {"places": count.places, "chapters": count.chapters} for style, count in counts.items()}


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by place."""
    return sorted(findings, key=lambda finding: (finding.chapter, finding.start, finding.end, finding.rule))
