"""Loads a book and runs the harmonizer's rules over it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from books.models import BookVersion, Chapter, ChapterRevision, NodeChunk, Origin, TextChunk
from books.preferences.reading import KeptName, kept_names
from books.preferences.rule import preferences_of
from books.sources import SourceRules, readable, rules_of
from books.text.citations import find_passages
from books.text.withheld import Withheld
from books.text.words import count_prose
from workflow.agents.memory import ChapterMemory, memory_of
from workflow.agents.orchestrator import RULES, AgentOrchestrator
from workflow.context.chapter_task import source_chunk, source_node
from workflow.contract.agent_types import (
    JSON,
    AgentError,
    ChapterContext,
    EarlierChapter,
    SourceChunk,
    WrittenChapter,
)
from workflow.contract.failures import Failure
from workflow.contract.states import ItemStatus
from workflow.engine.measuring import compared_with, measures_again, score_in
from workflow.engine.outcomes import add_revision
from workflow.harmonization import RULE_KEYS, Applied, Finding, HarmonizerTask, apply_findings
from workflow.harmonization.judged import Judged
from workflow.models import ChapterWorkflowItem, ConsistencyRule, ProcessingSession

PlacedCitations = tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class LoadedChapter:
    """A written chapter with what belongs to it. `written` has the text that the rules read."""

    item: ChapterWorkflowItem
    revision: ChapterRevision
    written: WrittenChapter
    chunk_keys: Mapping[str, int]


@dataclass(frozen=True)
class LoadedBook:
    """The written chapters of a session, in order, the rules that are on, and the spellings that the person keeps.

    `card` is what the book says of itself. `judged` is what rules and model have found, where a model has looked at
    it; else the rules find it when needed. No model is told what is `withheld`.
    """

    chapters: tuple[LoadedChapter, ...]
    titles: Mapping[int, str]
    enabled: frozenset[str]
    kept_names: tuple[KeptName, ...] = ()
    card: JSON = field(default_factory=dict)
    judged: Judged | None = None
    withheld: Withheld = field(default_factory=Withheld)
    version_name: str = ""

    @cached_property
    def texts(self) -> Mapping[int, EarlierChapter]:
        """The chapters as those behind them were compared with them, by number."""
        return {
            each.item.number: EarlierChapter(
                each.item.number, each.revision.title, text=each.written.markdown
            )
            for each in self.chapters
        }


@dataclass(frozen=True)
class HarmonizedChapter:
    """A chapter with the rules' result; citations and metrics are those of the new text, as `revise` takes them."""

    loaded: LoadedChapter
    result: Applied
    citations: PlacedCitations
    metrics: JSON
    memory: ChapterMemory

    @property
    def change_count(self) -> int:
        """How many changes are stored with it: made, suggested and refused."""
        result = self.result
        return len(result.applied) + len(result.suggestions) + len(result.rejected)

    @property
    def is_changed(self) -> bool:
        """Whether the text is another than before."""
        return self.result.markdown != self.loaded.written.markdown


def load_book(session: ProcessingSession) -> LoadedBook:
    """Load every written chapter, with its sources, in a number of queries that does not grow with the book.

    The rules always read the text before harmonizing, so that a resumed run finds what the first one found.
    """
    items = list(session.items.written().select_related("chapter__node").order_by("number"))
    revisions = _unharmonized(session)
    version = BookVersion.objects.select_related("book").get(pk=session.version_id)
    rules = rules_of(version)
    chunks = _chunks_by_node(session, rules)
    chapters = tuple(
        _loaded(item, revisions[item.chapter_id], chunks[item.chapter.node_id], rules)
        for item in items
        if item.chapter_id in revisions
    )
    titles = dict(Chapter.objects.filter(version=session.version_id).values_list("number", "title"))
    return LoadedBook(
        chapters,
        titles,
        enabled_rules(session),
        kept_names(preferences_of(version)),
        version.book.card(),
        withheld=rules.withheld,
        version_name=version.name,
    )


def enabled_rules(session: ProcessingSession) -> frozenset[str]:
    """Return the keys of the rules that are switched on for the book."""
    off = ConsistencyRule.objects.filter(book__versions=session.version_id, is_enabled=False)
    return frozenset(RULE_KEYS) - set(off.values_list("key", flat=True))


def _unharmonized(session: ProcessingSession) -> dict[int, ChapterRevision]:
    # Not the current revision: after a crash it may be the harmonizer's own, in which the rules find nothing more.
    rows = ChapterRevision.objects.filter(
        chapter__version=session.version_id, origin__in=[Origin.WRITER, Origin.PERSON]
    )
    return {revision.chapter_id: revision for revision in rows.order_by("number")}


def _chunks_by_node(session: ProcessingSession, rules: SourceRules) -> dict[int, list[TextChunk]]:
    found: defaultdict[int, list[TextChunk]] = defaultdict(list)
    rows = NodeChunk.objects.filter(node__version=session.version_id).select_related("chunk")
    for row in rows.order_by("node", "position"):
        found[row.node_id].append(readable(row.chunk, rules))
    return found


def _loaded(
    item: ChapterWorkflowItem, revision: ChapterRevision, chunks: list[TextChunk], rules: SourceRules
) -> LoadedChapter:
    sources: list[SourceChunk] = [source_chunk(chunk) for chunk in chunks]
    written = WrittenChapter(
        item.number, revision.title, revision.markdown, source_node(item.chapter.node, rules), sources
    )
    return LoadedChapter(item, revision, written, {chunk.key: chunk.pk for chunk in chunks})


def find_in(book: LoadedBook) -> Mapping[int, list[Finding]]:
    """Return what the rules that are on find in each chapter; touches no database. Raises AgentError."""
    task = HarmonizerTask(
        book_id=str(book.card.get("book_id", "")),
        book_version=book.version_name,
        chapters=[chapter.written for chapter in book.chapters],
        consistency_rules=book.enabled,
        titles=book.titles,
        kept_names=book.kept_names,
    )
    result = AgentOrchestrator(RULES).execute_harmonizer_task(task)
    if not result.success:
        raise AgentError(Failure.INTERNAL_ERROR, result.error)
    return result.changes


def is_waiting(chapter: LoadedChapter) -> bool:
    """Return whether the chapter is still to be harmonized; one that is harmonized already is only read."""
    return chapter.item.status == ItemStatus.GENERATED


def harmonize(book: LoadedBook) -> list[HarmonizedChapter]:
    """Find and apply changes over the whole book; touches no database. Harmonized chapters are only read."""
    judged = book.judged or Judged(find_in(book), {})
    return [_harmonized(book, chapter, judged) for chapter in book.chapters if is_waiting(chapter)]


def _harmonized(book: LoadedBook, loaded: LoadedChapter, judged: Judged) -> HarmonizedChapter:
    number = loaded.item.number
    result = apply_findings(loaded.written.markdown, judged.found.get(number, ()), loaded.written.chunks)
    refused = (*result.rejected, *judged.refused.get(number, ()))
    return HarmonizedChapter(
        loaded,
        replace(result, rejected=refused),
        citations_in(result.markdown, loaded),
        _metrics(book, loaded, result.markdown),
        memory_in(result.markdown, loaded.written),
    )


def _metrics(book: LoadedBook, loaded: LoadedChapter, markdown: str) -> JSON:
    """Return the metrics of the new text, compared with the same chapters as the one before."""
    metrics: JSON = loaded.revision.quality_metrics
    if markdown == loaded.written.markdown:
        return metrics
    earlier = [book.texts[number] for number in compared_with(metrics) if number in book.texts]
    return measures_again(metrics, replace(loaded.written, markdown=markdown), book.card, earlier)


def memory_in(markdown: str, written: WrittenChapter) -> ChapterMemory:
    """Return what is kept of a text of this chapter for later ones."""
    chunk_ids = [chunk.id for chunk in written.chunks]
    return memory_of(written.number, written.title, markdown, written.node, chunk_ids, ChapterContext())


def citations_in(markdown: str, loaded: LoadedChapter) -> PlacedCitations:
    """Return the citations of a text of this chapter, as `add_revision` takes them."""
    chunks = {chunk.id: chunk.text for chunk in loaded.written.chunks}
    return tuple(
        (passage.paragraph, loaded.chunk_keys[passage.chunk_id], passage.quote)
        for passage in find_passages(markdown, chunks)
    )


def revise(
    base: ChapterRevision,
    markdown: str,
    citations: PlacedCitations,
    *,
    metrics: JSON,
    origin: Origin,
    reasons: Iterable[str],
    created_by_id: int | None = None,
) -> ChapterRevision:
    """Add a revision that is `base` with another text, whose citations and metrics these are, changed for `reasons`."""
    return add_revision(
        base.chapter,
        citations=citations,
        title=base.title,
        origin=origin,
        markdown=markdown,
        themes=base.themes,
        participants=base.participants,
        tags=base.tags,
        source_chunk_ids=base.source_chunk_ids,
        word_count=count_prose(markdown),
        confidence=base.confidence,
        quality_score=score_in(metrics),
        quality_metrics=dict(metrics),
        agent="rules" if origin == Origin.HARMONIZER else "person",
        session_id=base.session_id,
        reason="\n".join(" ".join(reason.split()) for reason in reasons),
        created_by_id=created_by_id,
    )
