"""The story so far: a line for each earlier chapter; when it is full the oldest give way to titles, then to a number.

It grows at its end and is folded five chapters at a time, so that what stands before the last line stays as it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.agents.memory.keep import title_line
from workflow.contract.agent_types import ChapterContext, EarlierChapter

from .blocks import EMPTY, SHORTENED, WHOLE, Block, frame, one_line, room_inside
from .tokens import clip_start, estimate_tokens

LINE_TOKENS, TITLE_TOKENS = 40, 14
STEP = 5
LINES_SHARE = 0.7
COUNT_TOKENS = 14
INTRODUCTION = "The story so far, a line for each earlier chapter:"


@dataclass(frozen=True)
class Story:
    """The block, and which chapters are in it with a line, which with their title, how many only as a number."""

    block: Block
    lines: tuple[int, ...] = ()
    titles: tuple[int, ...] = ()
    counted: int = 0


def tell_story(context: ChapterContext, budget: int) -> Story:
    """Tell what came before in `budget` tokens. The same chapters are always told in the same way."""
    chapters, before = context.chapters, context.left_out
    if not chapters:
        return Story(Block("story", "", budget, EMPTY))
    lines = [_line(chapter) for chapter in chapters]
    titles = [clip_start(one_line(title_line(each.number, each.title)), TITLE_TOKENS) for each in chapters]
    room = room_inside(budget, INTRODUCTION, "STORY")
    first_line = first_title = 0
    if before or _tokens(lines) > room:
        first_line = _first_that_fits(lines, before, len(lines), round(LINES_SHARE * room))
        first_title = _first_that_fits(
            titles, before, first_line, room - round(LINES_SHARE * room) - COUNT_TOKENS
        )
    counted = before + first_title
    told = [*_count_line(counted), *titles[first_title:first_line], *lines[first_line:]]
    text = frame(INTRODUCTION, "STORY", "\n".join(told))
    state = SHORTENED if first_line else WHOLE
    numbers = [chapter.number for chapter in chapters]
    return Story(
        Block("story", text, budget, state),
        lines=tuple(numbers[first_line:]),
        titles=tuple(numbers[first_title:first_line]),
        counted=counted,
    )


def _line(chapter: EarlierChapter) -> str:
    line = chapter.line or title_line(chapter.number, chapter.title)
    return clip_start(one_line(line), LINE_TOKENS)


def _first_that_fits(texts: Sequence[str], before: int, end: int, room: int) -> int:
    """Return where texts[start:end] begins to fit. Starts are whole steps from the book's beginning, if one fits."""
    fitting = end
    used = 0
    while fitting and (used := used + _tokens(texts[fitting - 1 : fitting])) <= room:
        fitting -= 1
    in_step = fitting + -(before + fitting) % STEP
    return in_step if in_step < end or fitting == end else fitting


def _tokens(texts: Sequence[str]) -> int:
    return sum(estimate_tokens(text) + 2 for text in texts)


def _count_line(count: int) -> list[str]:
    if not count:
        return []
    return [f"({'1 earlier chapter is' if count == 1 else f'{count} earlier chapters are'} not listed.)"]
