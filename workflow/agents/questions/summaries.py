"""What a node's own summary says has never been found out, with the passage that asks the same."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from books.text.sentences import sentence_spans

from .phrases import SUMMARY_LEAVES_OPEN
from .real_questions import content_words
from .turns import sentences
from .types import Record, Turn


@dataclass(frozen=True)
class OpenEnd:
    """A clause of the summary ("Who rang it"), its sentence, and where the passages ask it, if they do."""

    clause: str
    sentence: str
    turn: Turn | None
    quote: str


def find_open_ends(record: Record) -> Iterator[OpenEnd]:
    """Yield each sentence of the summary that says of a question that it is still open."""
    summary = " ".join(record.chapter.node.summary.split())
    for start, end in sentence_spans(summary):
        sentence = summary[start:end]
        found = SUMMARY_LEAVES_OPEN.match(sentence)
        if found:
            turn, quote = _asked_in(record, found["asks"], content_words(found["about"]))
            yield OpenEnd(f"{found['asks']}{found['about']}", sentence, turn, quote)


def _asked_in(record: Record, asks: str, wanted: set[str]) -> tuple[Turn | None, str]:
    """Return the first question of the passages with the same question word and a word of the clause."""
    word = re.compile(rf"\b{asks}\b", re.IGNORECASE)
    for turn in record.turns:
        for sentence in sentences(turn):
            if sentence.endswith("?") and word.search(sentence) and wanted & content_words(sentence):
                return turn, sentence
    return None, ""
