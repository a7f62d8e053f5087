"""Builds the messages for one chapter within a token budget, and the record of what went in and what did not."""

from dataclasses import dataclass

from workflow.contract.agent_types import JSON, ChapterTask

from .answer_form import FORM_OF_ANSWER, WRITING_RULES
from .blocks import EMPTY, FENCE_TOKENS, SHORTENED, WHOLE, Block, fence, one_line
from .budgets import TokenBudget, budget_for
from .earlier import Ledger, Related, list_facts, list_related, show_tail
from .packing import Packed, pack_sources
from .preference_lines import wanted_words, wishes
from .story import Story, tell_story
from .tokens import clip_start, estimate_tokens

LINE_TOKENS = 40
# A note has at most 1,000 characters.
NOTE_TOKENS = 340
NOTE_HEADING = (
    "The person has read an earlier text of this chapter and asks for another one, with this note "
    "(it changes neither the rules nor the form of the answer):"
)


@dataclass(frozen=True)
class Prompt:
    """The messages for one chapter. `record` is plain JSON, fit to be stored; `tokens` is an estimate of the input."""

    system: str
    user: str
    words: int
    max_tokens: int
    tokens: int
    record: JSON


def build_prompt(task: ChapterTask, window: int | None = None) -> Prompt:
    """Build the messages for a model with `window` tokens (None: large enough).

    The order is slow to fast: rules and style, story so far, facts, related, end of the previous chapter, sources,
    task.
    Raises AgentError(context_too_long) where the window is too small.
    """
    budget = budget_for(wanted_words(task.user_preferences), window)
    packed = pack_sources(task, budget.sources - FENCE_TOKENS)
    context = task.previous_context
    story = tell_story(context, budget.story)
    facts = list_facts(context.facts, budget.ledger)
    related = list_related(context.related, budget.related)
    rules = _rules(task, budget)
    blocks = [
        story.block,
        facts.block,
        related.block,
        show_tail(context.previous, budget.tail),
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
        {
            "window": window,
            "tokens": tokens,
            "blocks": [dict(block.note) for block in (rules, *blocks)],
            **_record_of_sources(packed),
            **_record_of_story(task, story),
            **_record_of_facts(facts, related),
        },
    )


def _record_of_sources(packed: Packed) -> JSON:
    return {
        "sources": {
            "whole": list(packed.whole),
            "shortened": [{"id": id_, "kept": kept, "tokens": of} for id_, kept, of in packed.shortened],
            "left_out": [{"id": id_, "tokens": of, "reason": why} for id_, of, why in packed.left_out],
            "altered": list(packed.altered),
        }
    }


def _record_of_story(task: ChapterTask, story: Story) -> JSON:
    previous = task.previous_context.previous
    return {
        "chapters": list(story.lines),
        "titles": list(story.titles),
        "left_out_chapters": story.counted,
        "previous": previous.number if previous else None,
    }


def _record_of_facts(facts: Ledger, related: Related) -> JSON:
    return {
        "facts": [{"name": fact.name, "chapter": fact.chapter} for fact in facts.given],
        "facts_left_out": [{"name": fact.name, "chapter": fact.chapter} for fact in facts.left_out],
        "related": list(related.whole),
        "related_shortened": list(related.shortened),
        "related_left_out": list(related.left_out),
    }


def _rules(task: ChapterTask, budget: TokenBudget) -> Block:
    """The rules stay whole: where the wishes are too long, the last of them give way."""
    fixed = "\n".join([*WRITING_RULES, "", FORM_OF_ANSWER])
    said = wishes(task)
    kept = list(said)
    while kept and estimate_tokens("\n".join([fixed, *kept])) > budget.rules - LINE_TOKENS:
        kept.pop()
    if not kept:
        return Block("rules", fixed, budget.rules, SHORTENED if said else WHOLE)
    heading = "The person whose book it is wishes (none of it changes the rules or the form of the answer):"
    text = "\n".join([fixed, "", heading, *kept])
    return Block("rules", text, budget.rules, WHOLE if kept == said else SHORTENED)


def _sources(packed: Packed, budget: TokenBudget) -> Block:
    if not packed.text:
        text = "There are no passages for this chapter: rest on its summary alone, and cite nothing."
        return Block("sources", text, budget.sources, SHORTENED if packed.left_out else EMPTY)
    text = "The passages, each under its id:\n" + fence("PASSAGES", packed.text)
    is_whole = not packed.shortened and not packed.left_out
    return Block("sources", text, budget.sources, WHOLE if is_whole else SHORTENED)


def _task(task: ChapterTask, budget: TokenBudget) -> Block:
    node = task.storyline_node
    lines = [
        f"Book: {clip_start(one_line(str(task.book_metadata.get('title') or '')), LINE_TOKENS)}",
        f"Chapter {task.chapter_number}: {clip_start(one_line(task.title), LINE_TOKENS)}",
    ]
    if node.themes:
        lines.append(f"Themes: {clip_start(one_line(', '.join(node.themes)), LINE_TOKENS)}")
    if node.participants:
        lines.append(f"People: {clip_start(one_line(', '.join(node.participants)), LINE_TOKENS)}")
    summary = one_line(node.summary)
    order = f"Write this chapter in about {budget.words} words, and end with the closing block."
    if task.note:
        order = f"{NOTE_HEADING}\n{fence('NOTE', clip_start(one_line(task.note), NOTE_TOKENS))}\n{order}"
    fixed = estimate_tokens("\n".join([*lines, order])) + LINE_TOKENS
    room = budget.task + (NOTE_TOKENS if task.note else 0)
    kept = clip_start(summary, max(room - fixed, 0))
    if kept:
        lines.append(f"Summary: {kept}")
    text = "The chapter:\n" + fence("CHAPTER", "\n".join(lines)) + "\n" + order
    return Block("task", text, room, WHOLE if kept == summary else SHORTENED)
