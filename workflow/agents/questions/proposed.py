"""Checks questions that a language model proposes: each rests on an exact quote, brings in nothing, repeats none."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from books.text.verbatim import Quotation, find_verbatim
from workflow.contract.agent_types import SourceChunk, WrittenChapter
from workflow.harmonization.wording import is_fit_to_show, tokens, unknown_facts

from .real_questions import content_words
from .records import PRIORITIES, Priority, Question, fingerprint

MODEL_CATEGORIES = (
    "unknown_name",
    "unknown_date",
    "unknown_place",
    "unclear_reason",
    "unclear_outcome",
)
ALIKE, CONTAINED = 0.6, 0.8
FEWEST_QUOTED_WORDS = 3
_SPACES = re.compile(r"\s+")
_MARKUP = re.compile(r"[`<>\[\]{}|\\]|\*\*|^#", re.MULTILINE)


@dataclass(frozen=True)
class Proposed:
    """A question as the model proposed it, about a chapter and a passage of it: nothing of it has been checked."""

    chapter: int
    chunk_id: str
    quote: str
    category: str
    priority: str
    text: str
    reason: str

    def as_json(self) -> dict[str, object]:
        """Return it as plain JSON."""
        return asdict(self)


def proposed_from(kept: object) -> Proposed | None:
    """Read what `as_json` made; None where it cannot be read."""
    if not isinstance(kept, Mapping) or not isinstance(kept.get("chapter"), int):
        return None
    names = ("chunk_id", "quote", "category", "priority", "text", "reason")
    texts = [text for name in names if isinstance(text := kept.get(name), str)]
    return Proposed(kept["chapter"], *texts) if len(texts) == len(names) else None


def accept(
    proposed: Iterable[Proposed],
    chapters: Iterable[WrittenChapter],
    known: Iterable[str],
    *,
    asked_by: str,
    instructions: str = "",
    limit: int = 60,
) -> list[Question]:
    """Return the questions that may be asked, in order; `known` are the texts of those that are asked already."""
    by_number = {chapter.number: chapter for chapter in chapters}
    before = [content_words(text) for text in known]
    taken: list[Question] = []
    for each in proposed:
        chapter = by_number.get(each.chapter)
        question = _question(each, chapter, asked_by, instructions) if chapter else None
        words = content_words(each.text)
        if question is None or len(taken) >= limit or any(_alike(words, other) for other in before):
            continue
        before.append(words)
        taken.append(question)
    return taken


def _question(
    proposed: Proposed, chapter: WrittenChapter, asked_by: str, instructions: str
) -> Question | None:
    """Return the question; None where its passage or its quote is not there, or its words are not fit to be shown."""
    chunk = next((chunk for chunk in chapter.chunks if chunk.id == proposed.chunk_id), None)
    quote = _quote(proposed.quote, chunk.text) if chunk else ""
    text, reason = _line(proposed.text), _line(proposed.reason)
    is_fit = all(is_fit_to_show(each, instructions) and not _MARKUP.search(each) for each in (text, reason))
    if chunk is None or not quote or not is_fit or not text.endswith("?"):
        return None
    if unknown_facts(text, _known(chapter)) or proposed.category not in MODEL_CATEGORIES:
        return None
    priority: Priority = next((each for each in PRIORITIES if each == proposed.priority), "medium")
    return Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=proposed.category,
        priority=priority,
        text=text,
        reason=reason or "The passage leaves it open.",
        evidence={"chunk_id": chunk.id, "quote": quote, "asked_by": asked_by, **_told_by(chunk)},
        key=fingerprint("model", chunk.id, text),
    )


def _told_by(chunk: SourceChunk) -> dict[str, object]:
    return {"speaker": chunk.speaker} if chunk.speaker else {}


def _quote(wanted: str, said: str) -> str:
    """Return the words as the passage has them, however they are typeset; "" where it has them not."""
    if len(wanted.split()) < FEWEST_QUOTED_WORDS:
        return ""
    found = find_verbatim(Quotation((wanted.strip(),), ("", "")), said)
    return said[found[0].start : found[0].end] if found else ""


def _known(chapter: WrittenChapter) -> set[str]:
    node = chapter.node
    said: Sequence[str] = [chunk.text for chunk in chapter.chunks]
    speakers = [name for chunk in chapter.chunks for name in (chunk.speaker, *chunk.speakers)]
    own = (chapter.title, node.title, node.summary, *node.participants, *node.themes)
    return set(tokens("\n".join([*said, *speakers, *own])))


def _alike(one: set[str], other: set[str]) -> bool:
    """Say whether two questions ask the same: they share most of their words, or one has the other's."""
    shared, shorter = len(one & other), min(len(one), len(other))
    return bool(shorter) and (shared >= ALIKE * len(one | other) or shared >= CONTAINED * shorter)


def _line(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
