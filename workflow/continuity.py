"""Carries the story from chapter to chapter: reads what a chapter may know of earlier ones, keeps what later ones may.

Only chapters that a chapter depends on count, whatever else is finished, and each query has a bound.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from django.db.models import F, Q

from books.models import Chapter, Dependencies, StorylineLink
from books.storyline.document import DEPENDENCY_TYPES

from .agents.memory import ChapterMemory, Fact, find_names, lookup_keys
from .agents.memory.facts import INTRODUCTION
from .agents.memory.keep import MOST_FACTS_OF_A_NAME
from .agents.types import ChapterContext, EarlierChapter, KnownFact, RelatedNode, SourceChunk, SourceNode
from .models import ChapterWorkflowItem, FactEntry, ProcessingSession
from .rows import add_values

# More lines than the story so far has room for, whatever their length.
LINES_READ = 40
ENDING_CHARACTERS = 1_500
# With so many of the nearest a chapter is compared for what it says again.
TEXTS_READ = 6
FACTS_READ = 400
RELATED_READ = 12
FACT_COLUMNS = ("number", "position", "key", "name", "kind", "sentence", "chunk_ids")


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


def _before(session: ProcessingSession, item: ChapterWorkflowItem) -> Q:
    """Return the condition that a chapter's number is one of those that `item` depends on."""
    return Q(number__lt=item.number) if _is_sequence(session) else Q(number__in=sorted(item.nearest_before))


def _count_before(session: ProcessingSession, item: ChapterWorkflowItem) -> int:
    return item.number - 1 if _is_sequence(session) else item.before_count


def _chapters_before(session: ProcessingSession, item: ChapterWorkflowItem) -> tuple[EarlierChapter, ...]:
    if not _count_before(session, item):
        return ()
    # A chapter that the book goes on without is simply not there.
    rows = ChapterWorkflowItem.objects.filter(
        _before(session, item), session=session.pk, chapter__current_revision__isnull=False
    )
    found = list(rows.order_by("-number").values_list("number", "chapter__title", "story_line")[:LINES_READ])[
        ::-1
    ]
    chapters = [EarlierChapter(number, title, line) for number, title, line in found]
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
    rows = Chapter.objects.filter(version=version_id, number__in=numbers, current_revision__isnull=False)
    columns = ("markdown", "participants", "source_chunk_ids")
    return [
        EarlierChapter(
            number=number,
            title=title,
            ending=text[-ENDING_CHARACTERS:],
            participants=tuple(participants),
            cited=tuple(cited),
            text=text,
        )
        for number, title, text, participants, cited in rows.order_by("number").values_list(
            "number", "title", *(f"current_revision__{column}" for column in columns)
        )
    ]


def _facts_before(
    session: ProcessingSession, item: ChapterWorkflowItem, node: SourceNode, sources: Sequence[SourceChunk]
) -> tuple[KnownFact, ...]:
    """Return the facts about names that this chapter's sources have: first mentions before figures, earliest first."""
    people = [*node.participants, *dict.fromkeys(chunk.speaker for chunk in sources if chunk.speaker)]
    names = find_names((chunk.text for chunk in sources), people)
    keys = {key: place for place, key in enumerate(lookup_keys(names, people))}
    rows = FactEntry.objects.filter(_before(session, item), session=session.pk, key__in=keys)
    per_name: Counter[str] = Counter()
    introduced: set[str] = set()
    ranked: list[tuple[tuple[int, int, int, int], KnownFact]] = []
    for number, position, key, name, kind, sentence, chunk_ids in rows.order_by(
        "number", "position"
    ).values_list(*FACT_COLUMNS)[:FACTS_READ]:
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
    node = item.chapter.node_id
    links = StorylineLink.objects.filter(Q(source=node) | Q(target=node), version=session.version_id)
    if not _is_sequence(session):
        links = links.exclude(relationship_type__in=DEPENDENCY_TYPES)
    nearest = links.order_by(F("weight").desc(nulls_last=True), "pk").values_list(
        "relationship_type",
        "source_id",
        *(f"{end}__{name}" for end in ("target", "source") for name in ("key", "title", "summary")),
    )
    found: dict[str, RelatedNode] = {}
    for relation, source, *ends in nearest[:RELATED_READ]:
        key, title, summary = ends[:3] if source == node else ends[3:]
        found.setdefault(key, RelatedNode(key, title, summary, relation))
    return tuple(found.values())
