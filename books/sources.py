"""The one place where a source leaves the database: cleaned, with people's names, without what is withheld.

Writers, prompts, pages, notes and exports read sources through here, so that all of them see the same words.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from books.models import BookVersion, StorylineNode, TextChunk
from books.preferences.reading import left_out_terms
from books.preferences.rule import preferences_of
from books.text.withheld import Withheld, union, withheld


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


def notices_of(version: BookVersion) -> list[dict[str, str]]:
    """Return what a version's upload held that was not read: `code`, `place` and `message` of each."""
    return withheld_of(version).mask_all(version.upload_notices)


def readable(chunk: TextChunk, rules: SourceRules) -> TextChunk:
    """Return a copy of the row, not to be saved, with what may be read of it."""
    copy = TextChunk(
        pk=chunk.pk,
        book_id=chunk.book_id,
        key=chunk.key,
        digest=chunk.digest,
        text=rules.text(chunk.spoken),
        speaker=rules.name(chunk.speaker),
        speakers=names_of(chunk.speakers, rules),
        source=rules.withheld.mask(chunk.source),
        sequence=chunk.sequence,
        start_seconds=chunk.start_seconds,
        end_seconds=chunk.end_seconds,
        word_count=chunk.word_count,
        created_at=chunk.created_at,
    )
    copy.is_masked = rules.withheld.is_in(chunk.spoken)
    return copy


def readable_node(node: StorylineNode, rules: SourceRules) -> StorylineNode:
    """Return a copy of the row, not to be saved, with what may be read of it."""
    mask = rules.withheld
    return StorylineNode(
        pk=node.pk,
        version_id=node.version_id,
        key=node.key,
        position=node.position,
        place=node.place,
        title=mask.mask(node.title),
        summary="" if mask.is_in(node.summary) else node.summary,
        summary_origin=node.summary_origin,
        themes=[theme for theme in node.themes if not mask.is_in(str(theme))],
        participants=names_of(node.participants, rules),
        temporal_info=mask.mask_all(node.temporal_info),
    )


def names_of(labels: Iterable[object], rules: SourceRules) -> list[str]:
    """Return the names that labels stand for, each once."""
    return list(dict.fromkeys(rules.name(str(label)) for label in labels))
