"""Builds the messages for one chapter within a token budget, and the record of what went in and what did not."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.agents.types import JSON, ChapterTask, EarlierChapter

from .budgets import Budget, budget_for
from .fences import fence, harmless, one_line
from .form import FORM_OF_ANSWER, WRITING_RULES
from .packing import Packed, pack_sources
from .preferences import wanted_words, wishes
from .tokens import clip_end, clip_start, estimate_tokens

LINE_TOKENS = 40
FENCE_TOKENS = 30
NOTHING = "empty"


@dataclass(frozen=True)
class Prompt:
    """The messages for one chapter. `record` is plain JSON, fit to be stored; `tokens` is an estimate of the input."""

    system: str
    user: str
    words: int
    max_tokens: int
    tokens: int
    record: JSON


@dataclass(frozen=True)
class _Block:
    """One block: `state` is whole, shortened or empty."""

    name: str
    text: str
    budget: int
    state: str

    @property
    def note(self) -> JSON:
        return {
            "name": self.name,
            "tokens": estimate_tokens(self.text) if self.text else 0,
            "budget": self.budget,
            "state": self.state,
        }


def build_prompt(task: ChapterTask, window: int | None = None) -> Prompt:
    """Build the messages for a model with `window` tokens (None: large enough).

    The order is slow to fast: rules and style, story so far, related, tail of the previous chapter, sources, task.
    Raises AgentError(context_too_long) where the window is too small.
    """
    budget = budget_for(wanted_words(task.preferences), window)
    packed = pack_sources(task, budget.sources - FENCE_TOKENS)
    earlier = task.context.chapters
    rules = _rules(task, budget)
    blocks = [
        _story(task, budget.story),
        _related(task, earlier[:-1], budget.related),
        _tail(earlier, budget.tail),
        _sources(packed, budget),
        _task(task, budget),
    ]
    user = "\n\n".join(block.text for block in blocks if block.text)
    tokens = estimate_tokens(rules.text) + estimate_tokens(user)
    return Prompt(
        rules.text,
        user,
        budget.words,
        budget.output,
        tokens,
        _record(task, window, [rules, *blocks], packed, tokens),
    )


def _record(
    task: ChapterTask, window: int | None, blocks: Sequence[_Block], packed: Packed, tokens: int
) -> JSON:
    return {
        "window": window,
        "tokens": tokens,
        "blocks": [dict(block.note) for block in blocks],
        "sources": {
            "whole": list(packed.whole),
            "shortened": [{"id": id_, "kept": kept, "tokens": of} for id_, kept, of in packed.shortened],
            "left_out": [{"id": id_, "tokens": of, "reason": why} for id_, of, why in packed.left_out],
            "altered": list(packed.altered),
        },
        "chapters": [chapter.number for chapter in task.context.chapters],
        "left_out_chapters": task.context.left_out,
    }


def _rules(task: ChapterTask, budget: Budget) -> _Block:
    """The rules stay whole: where the wishes are too long, the last of them give way."""
    fixed = "\n".join([*WRITING_RULES, "", FORM_OF_ANSWER])
    said = wishes(task)
    kept = list(said)
    while kept and estimate_tokens("\n".join([fixed, *kept])) > budget.rules - LINE_TOKENS:
        kept.pop()
    if not kept:
        return _Block("rules", fixed, budget.rules, "shortened" if said else "whole")
    heading = "The person whose book it is wishes (none of it changes the rules or the form of the answer):"
    text = "\n".join([fixed, "", heading, *kept])
    return _Block("rules", text, budget.rules, "whole" if kept == said else "shortened")


def _story(task: ChapterTask, budget: int) -> _Block:
    """One line for each earlier chapter; where they are too many, the farthest are folded into a number."""
    lines = [_line(chapter) for chapter in task.context.chapters]
    folded = task.context.left_out
    room = budget - 2 * LINE_TOKENS
    while lines and estimate_tokens("\n".join(lines)) > room:
        lines.pop(0)
        folded += 1
    if not task.context.chapters and not folded:
        return _Block("story", "", budget, NOTHING)
    if folded:
        chapters = "1 earlier chapter is" if folded == 1 else f"{folded} earlier chapters are"
        lines.insert(0, f"({chapters} not listed.)")
    text = "The story so far:\n" + fence("STORY", "\n".join(lines))
    return _Block("story", text, budget, "shortened" if folded else "whole")


def _line(chapter: EarlierChapter) -> str:
    opening = one_line(chapter.opening).lstrip("# ")
    return clip_start(f"{chapter.number}. {one_line(chapter.title)}: {opening}", LINE_TOKENS)


def _related(task: ChapterTask, chapters: Sequence[EarlierChapter], budget: int) -> _Block:
    """How those earlier chapters begin in which the same people speak, nearest first as far as there is room."""
    people = {name.lower() for name in task.node.participants}
    related = [each for each in reversed(chapters) if people.intersection(map(str.lower, each.participants))]
    texts: list[str] = []
    room = budget - LINE_TOKENS
    for chapter in related:
        text = clip_start(f"{chapter.number}. {one_line(chapter.title)}: {one_line(chapter.opening)}", room)
        room -= estimate_tokens(text) + 2
        if room < 0 or not text:
            break
        texts.append(text)
    if not texts:
        return _Block("related", "", budget, "shortened" if related else NOTHING)
    block = "Earlier chapters with the same people:\n" + fence("RELATED", "\n".join(texts))
    return _Block("related", block, budget, "whole" if len(texts) == len(related) else "shortened")


def _tail(earlier: Sequence[EarlierChapter], budget: int) -> _Block:
    if not earlier or not earlier[-1].ending.strip():
        return _Block("tail", "", budget, NOTHING)
    ending = harmless(earlier[-1].ending).strip()
    kept = clip_end(ending, budget - LINE_TOKENS)
    text = "How the previous chapter ends:\n" + fence("PREVIOUS CHAPTER", kept)
    return _Block("tail", text, budget, "whole" if kept == ending else "shortened")


def _sources(packed: Packed, budget: Budget) -> _Block:
    if not packed.text:
        text = "There are no passages for this chapter: rest on its summary alone, and cite nothing."
        return _Block("sources", text, budget.sources, "shortened" if packed.left_out else NOTHING)
    text = "The passages, each under its id:\n" + fence("PASSAGES", packed.text)
    is_whole = not packed.shortened and not packed.left_out
    return _Block("sources", text, budget.sources, "whole" if is_whole else "shortened")


def _task(task: ChapterTask, budget: Budget) -> _Block:
    node = task.node
    lines = [
        f"Book: {clip_start(one_line(str(task.book.get('title') or '')), LINE_TOKENS)}",
        f"Chapter {task.number}: {clip_start(one_line(task.title), LINE_TOKENS)}",
    ]
    if node.themes:
        lines.append(f"Themes: {clip_start(one_line(', '.join(node.themes)), LINE_TOKENS)}")
    if node.participants:
        lines.append(f"People: {clip_start(one_line(', '.join(node.participants)), LINE_TOKENS)}")
    summary = one_line(node.summary)
    order = f"Write this chapter in about {budget.words} words, and end with the closing block."
    fixed = estimate_tokens("\n".join([*lines, order])) + LINE_TOKENS
    kept = clip_start(summary, max(budget.task - fixed, 0))
    if kept:
        lines.append(f"Summary: {kept}")
    text = "The chapter:\n" + fence("CHAPTER", "\n".join(lines)) + "\n" + order
    return _Block("task", text, budget.task, "whole" if kept == summary else "shortened")
