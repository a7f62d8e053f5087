"""Takes out of a chapter's task what the person wants left out, before anything of it can be quoted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from books.preferences.reading import left_out_terms
from workflow.contract.agent_types import ChapterTask

_APOSTROPHES = str.maketrans("’ʼ", "''")
# From here on stand scripts that write no spaces between words.
_FIRST_WITHOUT_SPACES = 0x2E80


@dataclass(frozen=True)
class Remaining:
    """The task without what is left out; `chunk_ids` are the passages that were taken out."""

    task: ChapterTask
    chunk_ids: tuple[str, ...] = ()


def without_left_out(task: ChapterTask) -> Remaining:
    """Take out whole passages, the summary and themes where they hold a word or phrase of `leave_out`.

    Whole words count, in any case; a passage goes whole, as what stands around the word tells of it, too.
    """
    terms = left_out_terms(task.user_preferences)
    if not terms:
        return Remaining(task)
    unwanted = _pattern(terms)
    gone = tuple(chunk.id for chunk in task.text_chunks if unwanted.search(_plain(chunk.text)))
    node = replace(
        task.storyline_node,
        summary="" if unwanted.search(_plain(task.storyline_node.summary)) else task.storyline_node.summary,
        themes=tuple(theme for theme in task.storyline_node.themes if not unwanted.search(_plain(theme))),
    )
    chunks = tuple(chunk for chunk in task.text_chunks if chunk.id not in gone)
    return Remaining(replace(task, storyline_node=node, text_chunks=chunks), gone)


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_whole_words, terms)))


def _whole_words(term: str) -> str:
    words = r"\s+".join(re.escape(word) for word in _plain(term).split())
    return _edge(term[0], r"(?<!\w)") + words + _edge(term[-1], r"(?!\w)")


def _edge(character: str, boundary: str) -> str:
    return boundary if character.isalnum() and ord(character) < _FIRST_WITHOUT_SPACES else ""


def _plain(text: str) -> str:
    return text.translate(_APOSTROPHES).casefold()
