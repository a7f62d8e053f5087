"""The blocks that are about more than this chapter: exact facts, related nodes, the end of the previous chapter."""

from collections.abc import Sequence
from dataclasses import dataclass

from books.text.sentences import sentence_spans
from workflow.agents.memory.told import without_marks
from workflow.contract.agent_types import EarlierChapter, KnownFact, RelatedNode

from .blocks import EMPTY, SHORTENED, WHOLE, Block, frame, harmless, one_line, room_inside
from .tokens import clip_end, clip_start, estimate_tokens

SMALLEST_SUMMARY = 25
FACTS = "What earlier chapters say, word for word; do not contradict it:"
RELATED = "What related storylines are about; they have chapters of their own:"
PREVIOUS = "How the previous chapter ends:"


@dataclass(frozen=True)
class Ledger:
    """The block, the facts that are in it, and those that found no room."""

    block: Block
    given: tuple[KnownFact, ...] = ()
    left_out: tuple[KnownFact, ...] = ()


@dataclass(frozen=True)
class Related:
    """The block, and the nodes that are in it whole, shortened, or not at all."""

    block: Block
    whole: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def list_facts(facts: Sequence[KnownFact], budget: int) -> Ledger:
    """List exact sentences of earlier chapters, the most useful that fit, in the book's order. None is ever cut."""
    if not facts:
        return Ledger(Block("ledger", "", budget, EMPTY))
    room = room_inside(budget, FACTS, "FACTS")
    told: dict[str, KnownFact] = {}
    given, left_out = [], []
    for fact in facts:
        cost = 0 if fact.sentence in told else estimate_tokens(_fact_line(fact)) + 2
        if cost > room:
            left_out.append(fact)
            continue
        room -= cost
        told.setdefault(fact.sentence, fact)
        given.append(fact)
    if not told:
        return Ledger(Block("ledger", "", budget, SHORTENED), (), tuple(left_out))
    lines = map(_fact_line, sorted(told.values(), key=lambda fact: fact.chapter))
    text = frame(FACTS, "FACTS", "\n".join(lines))
    state = SHORTENED if left_out else WHOLE
    return Ledger(Block("ledger", text, budget, state), tuple(given), tuple(left_out))


def _fact_line(fact: KnownFact) -> str:
    return f"Chapter {fact.chapter}: {one_line(fact.sentence)}"


def list_related(nodes: Sequence[RelatedNode], budget: int) -> Related:
    """Give the summaries of related nodes, the nearest first; the first that does not fit is shortened."""
    if not nodes:
        return Related(Block("related", "", budget, EMPTY))
    room = room_inside(budget, RELATED, "RELATED")
    texts: list[str] = []
    whole: list[str] = []
    shortened: list[str] = []
    for node in nodes:
        text = _summary_line(node)
        kept = clip_start(text, room - 2)
        if kept != text and (room < SMALLEST_SUMMARY or shortened):
            continue
        (whole if kept == text else shortened).append(node.id)
        texts.append(kept)
        room -= estimate_tokens(kept) + 2
    rest = tuple(node.id for node in nodes if node.id not in {*whole, *shortened})
    if not texts:
        return Related(Block("related", "", budget, SHORTENED), left_out=rest)
    text = frame(RELATED, "RELATED", "\n".join(texts))
    state = SHORTENED if shortened or rest else WHOLE
    return Related(Block("related", text, budget, state), tuple(whole), tuple(shortened), rest)


def _summary_line(node: RelatedNode) -> str:
    title, summary = one_line(node.title), one_line(node.summary)
    return summary if summary.startswith(title.rstrip(" …")) else f"{title}: {summary}" if summary else title


def show_tail(previous: EarlierChapter | None, budget: int) -> Block:
    """Show how the previous chapter ends, from the beginning of a sentence, without its citation marks.

    Its passages are not this chapter's: a mark that is copied from it would cite what is not there.
    """
    ending = harmless(without_marks(previous.ending, previous.cited)).strip() if previous else ""
    if not ending:
        return Block("tail", "", budget, EMPTY)
    kept = clip_end(ending, room_inside(budget, PREVIOUS, "PREVIOUS CHAPTER"))
    if kept != ending:
        spans = list(sentence_spans(kept))
        kept = kept[spans[1][0] :] if len(spans) > 1 else kept
    text = frame(PREVIOUS, "PREVIOUS CHAPTER", kept)
    return Block("tail", text, budget, WHOLE if kept == ending else SHORTENED)
