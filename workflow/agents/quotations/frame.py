"""The few sentences of a chapter that are not quoted: what it rests on, who was heard before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from books.text.citations import OMISSION, escape_markdown
from books.text.sentences import split_sentences
from books.text.words import count_words
from workflow.contract.agent_types import ChapterContext, SourceNode

from .frame_words import OF_LANGUAGE, FrameWords
from .turns import plain_name

NAMES_SHOWN = 6


def _beginnings(words: FrameWords) -> str:
    """Return the pattern of how sentences begin that say what the chapter rests on, or that nothing is quoted."""
    before, _, rest = words.rests_on.partition("{cited}")
    of_record = rest.partition("{passages}")[2].partition("{order}")[0]
    reasons = "|".join(map(re.escape, (words.no_words, words.no_text, words.emptied)))
    nothing = re.escape(words.nothing.partition("{reason}")[0])
    return rf"{re.escape(before)}.*{re.escape(of_record)}\b|{nothing}(?:{reasons})\b"


# They tell nothing of what happened.
_FRAME = re.compile("|".join(map(_beginnings, OF_LANGUAGE.values())))


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


@dataclass(frozen=True)
class Frame:
    """The sentences in the words of one language."""

    words: FrameWords

    def counting_sentence(
        self, cited: int, given: int, voices: Sequence[str], *, unnamed: bool, in_order: bool
    ) -> str:
        """Say how many of the record's passages are quoted, in which order, and whose voices they are."""
        words = self.words
        of_all = words.of_all.format(self._number(given)) if given > cited else ""
        order = words.as_spoken if in_order else words.as_recorded
        return words.rests_on.format(
            cited=self._number(cited),
            of_all=of_all,
            passages=_one_or_more(words.passages, 1 if cited == 1 and not of_all else given),
            order=order if cited > 1 else "",
            voices=self._voices(voices, unnamed),
        )

    def earlier_voices(self, context: ChapterContext, voices: Sequence[str]) -> str:
        """Say who was heard in the nearest earlier chapter, and who of them is heard again; "" if nobody was."""
        number, heard = _heard_before(context)
        if not heard:
            return ""
        again = self._again(heard, [name for name in heard if name in voices])
        said = _one_or_more(self.words.heard, len(heard))
        return said.format(number=number, names=self.join_names(heard), again=again)

    def no_quotes_sentence(self, *, has_text: bool, has_summary: bool, emptied: bool = False) -> str:
        """Say plainly that nothing is quoted, and why. `emptied`: passages were left out on the person's wish."""
        words = self.words
        reason = words.emptied if emptied else words.no_words if has_text else words.no_text
        return words.nothing.format(reason=reason, rest=words.summary_alone if has_summary else "")

    def join_names(self, names: Sequence[str]) -> str:
        """Return "A, B and C" as Markdown; of many names the first few and the number of the others."""
        shown = [escape_markdown(name) for name in names]
        if len(shown) > NAMES_SHOWN + 1:
            shown = [*shown[:NAMES_SHOWN], self.words.more.format(self._number(len(names) - NAMES_SHOWN))]
        return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {self.words.last} {shown[-1]}"

    def _again(self, heard: Sequence[str], again: Sequence[str]) -> str:
        if not again:
            return ""
        words = self.words
        others = [name for name in heard if name not in again]
        if len(again) > 1 and len(others) <= 1:
            everybody = words.both if len(again) == 2 else words.everybody
            who = words.all_but.format(self.join_names(others)) if others else everybody
        else:
            who = self.join_names(again)
        return _one_or_more(words.again, len(again)).format(who)

    def _voices(self, voices: Sequence[str], unnamed: bool) -> str:
        if not voices:
            return self.words.nobody
        said = _one_or_more(self.words.voices, len(voices)).format(self.join_names(voices))
        return f"{said}{self.words.unnamed if unnamed else ''}"

    def _number(self, count: int) -> str:
        numbers = self.words.numbers
        return numbers[count] if count < len(numbers) else f"{count:,}".replace(",", self.words.thousands)


def _one_or_more(words: tuple[str, str], count: int) -> str:
    return words[0] if count == 1 else words[1]


def _heard_before(context: ChapterContext) -> tuple[int, list[str]]:
    """Return the number of the nearest earlier chapter, and who was heard in it."""
    if not context.chapters:
        return 0, []
    chapter = context.chapters[-1]
    return chapter.number, list(dict.fromkeys(name for p in chapter.participants if (name := plain_name(p))))
