"""Carries the story from chapter to chapter: reads what a chapter may know of earlier ones, keeps what later ones may.

Only chapters that a chapter depends on count, whatever else is finished, and each query has a bound.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from books.models import Dependencies
from books.storyline.values.document import DEPENDENCY_TYPES
from chapterflow_site.core.rows import add_values
from workflow.agents.memory import ChapterMemory, Fact, find_names, lookup_keys
from workflow.agents.memory.facts import INTRODUCTION
from workflow.agents.memory.keep import MOST_FACTS_OF_A_NAME
from workflow.contract.agent_types import (
    ChapterContext,
    EarlierChapter,
    KnownFact,
    RelatedNode,
    SourceChunk,
    SourceNode,
)
from workflow.models import ChapterWorkflowItem, FactEntry, ProcessingSession
from workflow.queries import (
    FACT_COLUMNS,
    Numbers,
    read_facts,
    read_related,
    read_story_lines,
    read_texts,
)

# More lines than the story so far has room for, whatever their length.
LINES_READ = 40
ENDING_CHARACTERS = 1_500
# With so many of the nearest a chapter is compared for what it says again.
TEXTS_READ = 6
FACTS_READ = 400
RELATED_READ = 12


def read_context(
    session: ProcessingSession, item: ChapterWorkflowItem, node: SourceNode, sources: Sequence[SourceChunk]
) -> ChapterContext:
    """Return what the writer may know beside the sources: four queries, at the end of a book as at its beginning."""
    chapters = _chapters_before(session, item)
    return ChapterContext(
        chapters=chapters,
        left_out=_count_before(session, item) - len(chapters) if len(chapters) == LINES_READ else 0,
        facts=_facts_before(session, item, node, sources) if chapters else (),
        related=_related_nodes(session, item),
    )


def keep_memory(item: ChapterWorkflowItem, memory: ChapterMemory, *, is_first: bool) -> None:
    """Store the facts of a new text; those of the text before are replaced. The line goes with the item's own row."""
    if not is_first:
        FactEntry.objects.filter(item=item).delete()
    _store_facts(item, memory.facts)


def renew_facts(item: ChapterWorkflowItem, memory: ChapterMemory) -> None:
    """Let the facts follow a text that was changed in places: about the same names, or as many new ones."""
    kept = dict.fromkeys(FactEntry.objects.filter(item=item).values_list("key", flat=True))
    if not kept:
        return
    keys = list(dict.fromkeys(fact.key for fact in memory.facts))
    same = [key for key in keys if key in kept]
    new = [key for key in keys if key not in kept][: len(kept) - len(same)]
    FactEntry.objects.filter(item=item).delete()
    _store_facts(item, [fact for fact in memory.facts if fact.key in {*same, *new}])


def _store_facts(item: ChapterWorkflowItem, facts: Sequence[Fact]) -> None:
    of_item = (item.session_id, item.pk, item.number)
    rows = [
        (*of_item, position, fact.key, fact.name, fact.kind, fact.sentence, list(fact.chunk_ids))
        for position, fact in enumerate(facts)
    ]
    add_values(FactEntry, ("session", "item", *FACT_COLUMNS), rows)


def _is_sequence(session: ProcessingSession) -> bool:
    return session.dependencies == Dependencies.SEQUENTIAL


def _before(session: ProcessingSession, item: ChapterWorkflowItem) -> Numbers:
    """Return the numbers of the chapters that `item` depends on."""
    return item.number if _is_sequence(session) else sorted(item.nearest_before)


def _count_before(session: ProcessingSession, item: ChapterWorkflowItem) -> int:
    return item.number - 1 if _is_sequence(session) else item.before_count


def _chapters_before(session: ProcessingSession, item: ChapterWorkflowItem) -> tuple[EarlierChapter, ...]:
    if not _count_before(session, item):
        return ()
    # A chapter that the book goes on without is simply not there.
    rows = read_story_lines(session.pk, _before(session, item), LINES_READ)
    chapters = [EarlierChapter(number, title, line) for number, title, line in reversed(rows)]
    texts = {
        chapter.number: chapter
        for chapter in written_texts(session.version_id, [each.number for each in chapters[-TEXTS_READ:]])
    }
    return tuple(
        replace(texts[chapter.number], line=chapter.line) if chapter.number in texts else chapter
        for chapter in chapters
    )


def written_texts(version_id: int, numbers: Collection[int]) -> list[EarlierChapter]:
    """Return these chapters of a version with their present texts, in order, as far as they are written."""
    if not numbers:
        return []
    return [
        EarlierChapter(
            number=number,
            title=title,
            ending=text[-ENDING_CHARACTERS:],
            participants=tuple(participants),
            cited=tuple(cited),
            text=text,
        )
        for number, title, text, participants, cited in read_texts(version_id, numbers)
    ]


def _facts_before(
    session: ProcessingSession, item: ChapterWorkflowItem, node: SourceNode, sources: Sequence[SourceChunk]
) -> tuple[KnownFact, ...]:
    """Return the facts about names that this chapter's sources have: first mentions before figures, earliest first."""
    people = [*node.participants, *dict.fromkeys(chunk.speaker for chunk in sources if chunk.speaker)]
    names = find_names((chunk.text for chunk in sources), people)
    keys = {key: place for place, key in enumerate(lookup_keys(names, people))}
    if not keys:
        return ()
    rows = read_facts(session.pk, _before(session, item), keys, FACTS_READ)
    per_name: Counter[str] = Counter()
    introduced: set[str] = set()
    ranked: list[tuple[tuple[int, int, int, int], KnownFact]] = []
    for number, position, key, name, kind, sentence, chunk_ids in rows:
        per_name[key] += 1
        if per_name[key] > MOST_FACTS_OF_A_NAME:
            continue
        is_first = kind == INTRODUCTION and key not in introduced
        introduced.add(key)
        fact = KnownFact(name, sentence, number, kind, tuple(chunk_ids))
        ranked.append(((not is_first, keys[key], number, position), fact))
    return tuple(fact for _, fact in sorted(ranked, key=lambda each: each[0]))


def _related_nodes(session: ProcessingSession, item: ChapterWorkflowItem) -> tuple[RelatedNode, ...]:
    """Return the nodes that links of the upload join to this one; what it depends on is in the story already."""
    known: tuple[str, ...] = () if _is_sequence(session) else tuple(sorted(DEPENDENCY_TYPES))
    rows = read_related(session.version_id, item.chapter.node_id, known, RELATED_READ)
    found: dict[str, RelatedNode] = {}
    for relation, key, title, summary in rows:
        found.setdefault(key, RelatedNode(key, title, summary, relation))
    return tuple(found.values())
