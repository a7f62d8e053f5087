"""The few English sentences of a chapter that are not quoted: what it rests on, who was heard before."""

import re
from collections.abc import Sequence

from books.passages import OMISSION, escape_markdown
from books.text.words import count_words
from workflow.agents.quotations.sentences import split_sentences
from workflow.agents.quotations.turns import plain_name
from workflow.agents.types import ChapterContext, SourceNode

NAMES_SHOWN = 6
# How the paragraphs begin that say what the chapter rests on; they tell nothing of what happened.
_FRAME = re.compile(
    r"What follows rests on .* of the record\b|This storyline has (?:no )?source text\b"
    r"|Was folgt, beruht auf .* der Aufzeichnung\b|Dieser Erzählstrang (?:hat|erzählt) "
)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def is_frame_paragraph(text: str) -> bool:
    """Say whether a paragraph is one that counts passages and names voices, or says that nothing is quoted."""
    return bool(_FRAME.match(text))


def summary_paragraph(node: SourceNode, limit: int) -> str:
    """Return the node's own summary in italics, in whole sentences of at most `limit` words.

    "" where there is none, where its first sentence is longer, or where it merely repeats the sources.
    """
    if "extractive" in node.summary_origin.casefold():
        return ""
    kept: list[str] = []
    for sentence in split_sentences(" ".join(node.summary.split())):
        limit -= count_words(sentence)
        if limit < 0:
            kept.append(OMISSION)
            break
        kept.append(sentence)
    return f"*{escape_markdown(' '.join(kept))}*" if kept and kept[0] != OMISSION else ""


def whole_summary(node: SourceNode) -> str:
    """Return the node's summary in italics, whatever its origin and length; "" where there is none."""
    summary = " ".join(node.summary.split())
    return f"*{escape_markdown(summary)}*" if summary else ""


def counting_sentence(cited: int, given: int, voices: Sequence[str], *, unnamed: bool, in_order: bool) -> str:
    """Say how many of the record's passages are quoted, in which order, and whose voices they are."""
    of_all = f" of the {_number(given)}" if given > cited else ""
    noun = "passage" if given == 1 or (cited == 1 and not of_all) else "passages"
    order = ""
    if cited > 1:
        order = ", in the order in which they were spoken" if in_order else ", in the order of the record"
    rests_on = f"What follows rests on {_number(cited)}{of_all} {noun} of the record"
    return f"{rests_on}{order}; {_voices(voices, unnamed)}."


def earlier_voices(context: ChapterContext, voices: Sequence[str]) -> str:
    """Say who was heard in the nearest earlier chapter, and who of them is heard again; "" if nobody was."""
    number, heard = heard_before(context)
    if not heard:
        return ""
    again = [name for name in heard if name in voices]
    return f"Chapter {number} heard {join_names(heard)}{_heard_again(heard, again)}."


def heard_before(context: ChapterContext) -> tuple[int, list[str]]:
    """Return the number of the nearest earlier chapter, and who was heard in it."""
    if not context.chapters:
        return 0, []
    chapter = context.chapters[-1]
    return chapter.number, list(dict.fromkeys(name for p in chapter.participants if (name := plain_name(p))))


def no_quotes_sentence(*, has_text: bool, has_summary: bool, emptied: bool = False) -> str:
    """Say plainly that nothing is quoted, and why. `emptied`: passages were left out on the person's wish."""
    reason = "has source text without any words to quote" if has_text else "has no source text"
    rest = ": the summary above is all there is" if has_summary else ""
    if emptied:
        reason = "tells of nothing but what is to be left out"
    return f"This storyline {reason}, so nothing is quoted here{rest}."


def join_names(names: Sequence[str]) -> str:
    """Return "A, B and C" as Markdown; of many names the first few and the number of the others."""
    shown = [escape_markdown(name) for name in names]
    if len(shown) > NAMES_SHOWN + 1:
        shown = [*shown[:NAMES_SHOWN], f"{_number(len(names) - NAMES_SHOWN)} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _heard_again(heard: Sequence[str], again: Sequence[str]) -> str:
    others = [name for name in heard if name not in again]
    if not again:
        return ""
    if len(again) > 1 and len(others) <= 1:
        who = f"all but {join_names(others)}" if others else "both" if len(again) == 2 else "all of them"
    else:
        who = join_names(again)
    return f"; {who} {'is' if len(again) == 1 else 'are'} heard again here"


def _voices(voices: Sequence[str], unnamed: bool) -> str:
    if not voices:
        return "it does not say who speaks"
    verb = "the voice is" if len(voices) == 1 else "the voices are"
    rest = ", besides words whose speaker it does not name" if unnamed else ""
    return f"{verb} {join_names(voices)}{rest}"


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
