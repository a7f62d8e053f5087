"""The one place where a source leaves the database: cleaned, with people's names, without what is withheld.

Writers, prompts, pages, notes and exports read sources through here, so that all of them see the same words.
"""

import re
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

from django.db import models

from .models import LONGEST_TITLE, BookVersion, Chapter, ChapterRevision, StorylineNode, TextChunk
from .preferences.reading import left_out_terms
from .preferences.rule import preferences_of
from .text.withheld import Withheld, union, withheld

Row = TypeVar("Row", bound=models.Model)
# Columns that name things: what they are found by.
_NAMING = frozenset(
    {
        "key",
        "digest",
        "source_chunk_ids",
        "depends_on",
        "agent",
        "owner",
        "rule",
        "severity",
        "category",
        "error_code",
    }
)


@dataclass(frozen=True)
class SourceRules:
    """How the sources of one version are read: who hides behind which label, and what is withheld."""

    names: Mapping[str, str]
    withheld: Withheld

    def name(self, label: str) -> str:
        """Return the name that a speaker's label stands for."""
        return self.withheld.mask(self.names.get(label, label))

    def text(self, said: str) -> str:
        """Return what was said, with names as the labels of its lines."""
        for label in self.names:
            if label in said:
                said = re.sub(rf"^{re.escape(label)}(?=:)", self._name_of, said, flags=re.MULTILINE)
        return self.withheld.mask(said)

    def _name_of(self, label: re.Match[str]) -> str:
        return self.names[label[0]]

    def turn(self, chunk: TextChunk, quote: str) -> tuple[str, float | None]:
        """Return who says a quote of the chunk, and from which second on; ("", None) where its text does not say."""
        at = chunk.spoken.find(quote) if quote and chunk.turns else -1
        speaker, seconds = "", None
        for start, name, second in chunk.turns if at >= 0 else ():
            if start > at:
                break
            speaker, seconds = name or speaker, seconds if second is None else second
        return self.name(speaker), seconds


def rules_of(version: BookVersion) -> SourceRules:
    """Return how the sources of a version are read. Reads `book` of the version."""
    return SourceRules(version.speaker_names, withheld_of(version))


def withheld_of(version: BookVersion) -> Withheld:
    """Return what is withheld: what was when the writing started, and what the version and its book say today."""
    now = (version.preferences.get("leave_out") or (), version.book.preferences.get("leave_out") or ())
    lists = [left_out_terms(preferences_of(version)), *(left_out_terms({"leave_out": each}) for each in now)]
    return withheld(union(*lists))


def title_columns(title: str, withheld: Withheld) -> dict[str, str]:
    """Return a chapter's title as it is stored: what may be shown, and the whole one where that is another."""
    shown = withheld.mask(title)[:LONGEST_TITLE]
    return {"title": shown, "full_title": "" if shown == title else title}


def notices_of(version: BookVersion) -> list[dict[str, str]]:
    """Return what a version's upload held that was not read: `code`, `place` and `message` of each."""
    return withheld_of(version).mask_all(version.upload_notices)


def readable(chunk: TextChunk, rules: SourceRules) -> TextChunk:
    """Return a copy of the row, not to be saved, with what may be read of it."""
    shown = masked(chunk, rules.withheld)
    # Turns are places in the text as it was: whoever asks for them asks the row itself.
    shown.text, shown.clean_text, shown.turns = rules.text(chunk.spoken), "", []
    shown.speaker, shown.speakers = rules.name(chunk.speaker), names_of(chunk.speakers, rules)
    shown.is_masked = rules.withheld.is_in(chunk.spoken)
    return shown


def readable_node(node: StorylineNode, rules: SourceRules) -> StorylineNode:
    """Return a copy of the row, not to be saved, with what may be read of it."""
    mask = rules.withheld
    shown = masked(node, mask)
    shown.summary = "" if mask.is_in(node.summary) else node.summary
    shown.themes = [theme for theme in node.themes if not mask.is_in(str(theme))]
    shown.participants = names_of(node.participants, rules)
    return shown


def readable_chapter(chapter: Chapter) -> Chapter:
    """Let the chapter's text be what may be read of it. Reads `version`, its `book` and `current_revision`."""
    if chapter.current_revision is not None:
        withheld = withheld_of(chapter.version)
        chapter.current_revision = readable_revision(chapter.current_revision, withheld)
    return chapter


def readable_revision(revision: ChapterRevision, withheld: Withheld) -> ChapterRevision:
    """Return a copy of the row, not to be saved, with what may be read of it: written as it was, withheld since."""
    shown = masked(revision, withheld)
    measured = shown.quality_metrics.get("measured") if withheld else None
    weak = measured.get("weak") if isinstance(measured, dict) else None
    for place in weak if isinstance(weak, list) else ():
        for end in {"start", "end"} & place.keys() if isinstance(place, dict) else ():
            place[end] = withheld.move(revision.markdown, place[end])
    return shown


def masked(row: Row, withheld: Withheld) -> Row:
    """Return a copy of any row, not to be saved, without what is withheld in its texts, whatever columns it has.

    What names a thing stays: ids, choices, whatever is unique. What was not read yet is not asked for.
    """
    shown = copy(row)
    for field in row._meta.concrete_fields if withheld else ():
        if _is_told(field) and field.attname in row.__dict__:
            mask = withheld.mask_values if isinstance(field, models.JSONField) else withheld.mask
            setattr(shown, field.attname, mask(getattr(row, field.attname)))
    return shown


def _is_told(field: models.Field[object, object]) -> bool:
    if field.name in _NAMING or field.choices or field.unique:
        return False
    return isinstance(field, models.CharField | models.TextField | models.JSONField)


def names_of(labels: Iterable[object], rules: SourceRules) -> list[str]:
    """Return the names that labels stand for, each once."""
    return list(dict.fromkeys(rules.name(str(label)) for label in labels))
