"""What an export is made of: the written chapters of a version with their sources, read in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from books.models import Book, BookVersion, Chapter, ChapterRevision
from books.reading import PassageView, SourceView, number_words, passages_by_revision, sources_of
from books.sources import readable_chapter, rules_of

BATCH = 100


@dataclass(frozen=True)
class Entry:
    """A written chapter's line in the table of contents."""

    number: int
    title: str


@dataclass(frozen=True)
class WrittenChapter:
    """A chapter with its current text and what that rests on."""

    chapter: Chapter
    revision: ChapterRevision
    passages: tuple[PassageView, ...]

    @property
    def number(self) -> int:
        return self.chapter.number

    @property
    def title(self) -> str:
        """The chapter's title on one line."""
        return one_line(self.chapter.title)

    @property
    def sources(self) -> list[SourceView]:
        """The cited chunks, in the order of their numbers."""
        return sources_of(self.passages)


@dataclass(frozen=True)
class Manuscript:
    """A version as far as it is written. `modified_at` is when its newest text was made (UTC)."""

    version: BookVersion
    entries: tuple[Entry, ...]
    unwritten: tuple[int, ...]
    agents: tuple[str, ...]
    modified_at: datetime

    @property
    def book(self) -> Book:
        return self.version.book

    @property
    def imprint(self) -> str:
        """A sentence or two on what this is: the version, how it was written, what is missing."""
        made = "Selected quotations, no AI." if self.agents == ("quotations",) else ""
        return " ".join(
            filter(None, (f"Version {self.version.number}.", made, unwritten_words(self.unwritten)))
        )

    def chapters(self, *, with_source_text: bool = False) -> Iterator[WrittenChapter]:
        """Read the written chapters in order; the sources' texts only where they are asked for."""
        numbers = [entry.number for entry in self.entries]
        for at in range(0, len(numbers), BATCH):
            yield from self._batch(numbers[at : at + BATCH], with_source_text)

    def _batch(self, numbers: Sequence[int], with_source_text: bool) -> Iterator[WrittenChapter]:
        chapters = list(
            Chapter.objects.filter(version=self.version, number__in=numbers, current_revision__isnull=False)
            .select_related("current_revision", "node", "item")
            .order_by("number")
        )
        for chapter in chapters:
            chapter.version = self.version
        found = {each: text for each in map(readable_chapter, chapters) if (text := each.current_revision)}
        passages = passages_by_revision(
            [text.pk for text in found.values()], rules_of(self.version), with_text=with_source_text
        )
        for chapter, revision in found.items():
            yield WrittenChapter(chapter, revision, tuple(passages[revision.pk]))


def manuscript_of(version: BookVersion) -> Manuscript:
    """Return what is written of `version`."""
    rows = list(
        Chapter.objects.filter(version=version)
        .order_by("number")
        .values_list("number", "title", "current_revision__created_at", "current_revision__agent")
    )
    times = [made_at for _, _, made_at, _ in rows if made_at]
    return Manuscript(
        version=version,
        entries=tuple(Entry(number, one_line(title)) for number, title, made_at, _ in rows if made_at),
        unwritten=tuple(number for number, _, made_at, _ in rows if not made_at),
        agents=tuple(sorted({agent for _, _, _, agent in rows if agent})),
        modified_at=max(times, default=version.created_at).astimezone(UTC),
    )


def one_line(text: str) -> str:
    """Return `text` with every run of white space as one space."""
    return " ".join(text.split())


def unwritten_words(numbers: Sequence[int]) -> str:
    """Say which chapters are missing: "Chapters 4 to 6 and 9 are not written yet."; "" for none."""
    if not numbers:
        return ""
    subject, verb = ("Chapter", "is") if len(numbers) == 1 else ("Chapters", "are")
    return f"{subject} {number_words(numbers)} {verb} not written yet."
