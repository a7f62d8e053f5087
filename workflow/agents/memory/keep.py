"""Makes what is kept of a chapter when it is stored: its line in the story so far, and its facts."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from books.text.sentences import split_sentences
from workflow.agents.quotations.salience import weigh
from workflow.agents.quotations.words import split_words, terms_of
from workflow.contract.agent_types import ChapterContext, SourceNode

from .facts import Fact, find_facts
from .names import name_key
from .told import Told, told_sentences

LONGEST_LINE = 240
LONGEST_TITLE = 60
MOST_SENTENCES = 80
_SHORTEST_GIST = 20


def story_line(number: int, title: str, summary: str, told: Sequence[Told]) -> str:
    """Return "4. Title: gist", whole words: the first sentence of its summary, or the text's most telling one."""
    head = title_line(number, title)
    gist = _first_sentence(title, summary) or _most_telling(title, told)
    return _clipped(f"{head}: {gist}" if gist else head, LONGEST_LINE)


def title_line(number: int, title: str) -> str:
    """Return "4. Title", whole words."""
    return _clipped(f"{number}. {title}", LONGEST_TITLE)


def _clipped(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most].rpartition(" ")[0] or line[:most]


def _first_sentence(title: str, summary: str) -> str:
    """Return the first sentence that says more than the title, which may be made of the first words of the summary."""
    said = " ".join(title.rstrip(" …").split())
    for sentence in split_sentences(" ".join(summary.split())):
        if len(sentence) >= _SHORTEST_GIST and not said.startswith(sentence.rstrip(" .")):
            return sentence.removeprefix(said).lstrip(" ,;:.") if sentence.startswith(said) else sentence
    return ""


def _most_telling(title: str, told: Sequence[Told]) -> str:
    """Return the sentence that says most of what the others say, and of what the title names."""
    sentences = told[:MOST_SENTENCES]
    scores = weigh([terms_of(split_words(each.text)) for each in sentences], [title]).scores
    best = max(range(len(sentences)), key=lambda at: (scores[at], -at), default=None)
    return sentences[best].whole if best is not None else ""


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
