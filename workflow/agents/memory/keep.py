"""Makes what is kept of a chapter when it is stored."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from workflow.contract.agent_types import ChapterContext, SourceNode

from .facts import Fact, find_facts
from .line import story_line
from .names import name_key
from .sentences import told_sentences

# Of a name that earlier chapters tell so much about, a later one adds nothing: rows do not grow with the book.
MOST_FACTS_OF_A_NAME = 6


@dataclass(frozen=True)
class ChapterMemory:
    """What later chapters may know of this one: its line, and its facts in its own order."""

    line: str = ""
    facts: tuple[Fact, ...] = ()


def memory_of(
    number: int,
    title: str,
    markdown: str,
    node: SourceNode,
    chunk_ids: Collection[str],
    context: ChapterContext,
) -> ChapterMemory:
    """Return what is kept of a chapter's text. The same text in the same context keeps the same."""
    told = list(told_sentences(markdown, chunk_ids))
    return ChapterMemory(
        line=story_line(number, title, node.summary, told),
        facts=find_facts(told, node.participants, settled_names(context)),
    )


def settled_names(context: ChapterContext) -> frozenset[str]:
    """Return the keys of the names of which earlier chapters have stated enough."""
    counts = Counter(name_key(fact.name) for fact in context.facts)
    return frozenset(key for key, count in counts.items() if count >= MOST_FACTS_OF_A_NAME)
