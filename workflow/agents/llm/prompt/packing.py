"""Packs passages into a token budget, the best ones whole, over-long ones cut; cuts matters into batches."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from books.text.citations import OMISSION, citation_mark
from books.text.sentences import split_sentences
from workflow.contract.agent_types import ChapterTask, SourceChunk

from .blocks import harmless, one_line
from .tokens import clip_start, estimate_tokens

Matter = TypeVar("Matter")

SMALLEST_CUT = 60
_WORD = re.compile(r"[^\W_]{3,}")
_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Packed:
    """What of the passages is in the prompt. `shortened` are (id, tokens kept, tokens), `left_out` (id, tokens, why).

    `altered` are passages in which a sign was broken that could have ended their fence.
    """

    text: str = ""
    whole: tuple[str, ...] = ()
    shortened: tuple[tuple[str, int, int], ...] = ()
    left_out: tuple[tuple[str, int, str], ...] = ()
    altered: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    """A passage as the prompt would have it."""

    position: int
    chunk: SourceChunk
    head: str
    body: str
    rank: float
    tokens: int = field(default=0)

    @property
    def text(self) -> str:
        return f"{self.head}\n{self.body}"


def pack_sources(task: ChapterTask, budget: int) -> Packed:
    """Pack the task's passages into `budget` tokens, in the order that the node has them."""
    entries = _entries(task)
    citable = [entry for entry in entries if entry.head]
    chosen, rest = _whole_first(citable, budget)
    left = budget - sum(entry.tokens for entry in chosen)
    cut: list[_Entry] = []
    for entry in rest:
        shorter = _cut(entry, left, _topic_words(task)) if left >= SMALLEST_CUT else None
        if shorter is not None:
            cut.append(shorter)
            left -= shorter.tokens
    return _packed(entries, chosen, cut)


def _packed(entries: list[_Entry], chosen: list[_Entry], cut: list[_Entry]) -> Packed:
    whole = {entry.position for entry in chosen}
    shorter = {entry.position: entry.tokens for entry in cut}
    kept = sorted([*chosen, *cut], key=lambda entry: entry.position)
    return Packed(
        text="\n\n".join(entry.text for entry in kept),
        whole=tuple(entry.chunk.id for entry in entries if entry.position in whole),
        shortened=tuple(
            (entry.chunk.id, shorter[entry.position], entry.tokens)
            for entry in entries
            if entry.position in shorter
        ),
        left_out=tuple(
            (entry.chunk.id, entry.tokens, "no room" if entry.head else "its id cannot be cited")
            for entry in entries
            if entry.position not in whole and entry.position not in shorter
        ),
        altered=tuple(entry.chunk.id for entry in kept if harmless(entry.chunk.text) != entry.chunk.text),
    )


def _entries(task: ChapterTask) -> list[_Entry]:
    topic = _topic_words(task)
    words = [Counter(_words(chunk.text)) for chunk in task.text_chunks]
    spread = Counter(word for counts in words for word in counts)
    entries = []
    for position, (chunk, counts) in enumerate(zip(task.text_chunks, words, strict=True)):
        rank = sum(
            math.log(1 + len(words) / spread[word]) * min(counts[word], 3) for word in topic if word in counts
        )
        entry = _Entry(position, chunk, _head(chunk), harmless(chunk.text).strip(), rank)
        entries.append(replace(entry, tokens=estimate_tokens(entry.text) + 2))
    return entries


def _head(chunk: SourceChunk) -> str:
    """Return the line above a passage: its mark, as it is to be cited, and who speaks; "" where no mark can cite it."""
    mark = citation_mark(chunk.id)
    if not mark or harmless(chunk.id) != chunk.id:
        return ""
    said_by = one_line(chunk.speaker or ", ".join(chunk.speakers))[:120]
    return f"{mark} {said_by}:" if said_by else f"{mark}"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _topic_words(task: ChapterTask) -> frozenset[str]:
    node = task.storyline_node
    return frozenset(
        _words(" ".join([task.title, node.title, node.summary, *node.themes, *node.participants]))
    )


def _whole_first(entries: Sequence[_Entry], budget: int) -> tuple[list[_Entry], list[_Entry]]:
    """Return the passages that fit whole, best first, and the rest, best first."""
    chosen: list[_Entry] = []
    rest: list[_Entry] = []
    left = budget
    for entry in sorted(entries, key=lambda entry: (-entry.rank, entry.position)):
        if entry.tokens <= left:
            chosen.append(entry)
            left -= entry.tokens
        else:
            rest.append(entry)
    return chosen, rest


def _cut(entry: _Entry, budget: int, topic: frozenset[str]) -> _Entry | None:
    """Return the passage cut to its best sentences in their order; None where not even a part of one fits."""
    room = budget - estimate_tokens(entry.head) - 4
    sentences = [each for block in _PARAGRAPHS.split(entry.body) for each in split_sentences(block)]
    best = sorted(range(len(sentences)), key=lambda at: (-_density(sentences[at], topic), at))
    kept: set[int] = set()
    for at in best:
        tokens = estimate_tokens(sentences[at]) + 2
        if tokens <= room:
            kept.add(at)
            room -= tokens
    body = _joined(sentences, kept) if kept else f"{clip_start(entry.body, max(room, 0))} {OMISSION}"
    if not kept and body == f" {OMISSION}":
        return None
    return replace(entry, body=body, tokens=estimate_tokens(f"{entry.head}\n{body}") + 2)


def _density(sentence: str, topic: frozenset[str]) -> float:
    words = _words(sentence)
    return sum(word in topic for word in words) / (len(words) + 4)


def _joined(sentences: Sequence[str], kept: set[int]) -> str:
    """Join the kept sentences, with an ellipsis wherever something was left out."""
    parts: list[str] = []
    for at, sentence in enumerate(sentences):
        if at in kept:
            parts.append(sentence)
        elif not parts or parts[-1] != OMISSION:
            parts.append(OMISSION)
    return " ".join(parts)


def in_batches(
    matters: Iterable[Matter], shown: Callable[[Matter], str], room: int, most: int
) -> Iterator[tuple[Matter, ...]]:
    """Cut what a model is asked about into batches of at most `most`, each shown in `room` tokens, or of one."""
    batch: list[Matter] = []
    used = 0
    for matter in matters:
        size = estimate_tokens(shown(matter))
        if batch and (used + size > room or len(batch) == most):
            yield tuple(batch)
            batch, used = [], 0
        batch.append(matter)
        used += size
    if batch:
        yield tuple(batch)
