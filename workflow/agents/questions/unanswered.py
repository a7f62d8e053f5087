"""Asks about what passages and summaries leave open: questions nobody answers, names nobody remembers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from books.text.sentences import sentence_spans

from .gaps import Gap, find_gap, what_is_before
from .phrases import FORGOTTEN, NEVER_LEARNED, SUMMARY_LEAVES_OPEN
from .real_questions import asks_for_facts, content_words, is_real, leans_on_what_is_before
from .records import Candidate, Priority, Question, Record, Turn, fingerprint, sentences

CATEGORY = "unanswered_question"
_LONGEST_QUOTE = 300
_LONGEST_BEFORE = 240
_MIN_WORDS_OF_NEVER_LEARNED = 6


@dataclass(frozen=True)
class OpenEnd:
    """A clause of the summary ("Who rang it"), its sentence, and where the passages ask it, if they do."""

    clause: str
    sentence: str
    turn: Turn | None
    quote: str


def find(record: Record) -> Iterator[Candidate]:
    """Yield what was asked and not known, put off for good, or not remembered, in this chapter's sources."""
    gaps = [gap for at in range(len(record.turns)) if (gap := find_gap(record.turns, at))]
    asked = {gap.quote for gap in gaps}
    yield from (_asked(record, gap) for gap in gaps)
    yield from _not_remembered(record)
    for end in find_open_ends(record):
        # A summary that says "what it was about is not told" speaks of what the passages have asked already.
        if end.quote not in asked and (end.turn or not gaps):
            yield _open_end(record, end)


def _not_remembered(record: Record) -> Iterator[Candidate]:
    for turn in record.turns:
        if not (FORGOTTEN.search(turn.text) or NEVER_LEARNED.search(turn.text)):
            continue
        for sentence in sentences(turn):
            if len(sentence) >= _LONGEST_QUOTE or sentence.endswith("?"):
                continue
            who = turn.speaker or "somebody"
            if FORGOTTEN.search(sentence):
                asks = f"Can you fill in what {who} could not recall"
                yield _not_told(record, turn, sentence, asks=asks, would_help="A name or a date")
            elif NEVER_LEARNED.match(sentence) and len(sentence.split()) >= _MIN_WORDS_OF_NEVER_LEARNED:
                asks = f"Do you know more than {who} did"
                yield _not_told(record, turn, sentence, asks=asks, would_help="What you know")


def _asked(record: Record, gap: Gap) -> Candidate:
    turn = record.turns[gap.at]
    who = turn.speaker or "somebody"
    says = f"{who[:1].upper()}{who[1:]} goes on" if gap.own_words else "The reply is"
    verb = "left open" if gap.own_words else "asks here"
    reason = f"{says}: “{gap.reply}” Nothing in the rest of this chapter’s passages answers it."
    before = _before(record, gap)
    return _candidate(
        record,
        turn,
        gap.quote,
        text=f"Can you answer what {who} {verb}: “{gap.quote}”",
        reason=f"{reason} Just before: “{before}”" if before else reason,
        priority="high" if gap.is_admitted else "medium",
        more={"reply": gap.reply, "before": before} if before else {"reply": gap.reply},
    )


def _before(record: Record, gap: Gap) -> str:
    if is_real(gap.quote) or not leans_on_what_is_before(gap.quote):
        return ""
    return what_is_before(record.turns, gap, _LONGEST_BEFORE)


def _not_told(record: Record, turn: Turn, sentence: str, *, asks: str, would_help: str) -> Candidate:
    return _candidate(
        record,
        turn,
        sentence,
        text=f"{asks}: “{sentence}”",
        reason=f"The passage leaves it open. {would_help}, even a guess, would help the chapter.",
        priority="high",
    )


def _open_end(record: Record, end: OpenEnd) -> Candidate:
    if end.turn is None:
        return _candidate(
            record,
            None,
            end.clause,
            text=f"Can you tell what this chapter leaves open: “{end.clause}”",
            reason=f"The summary says: “{end.sentence}”",
            priority="medium",
            more={"summary": end.sentence},
        )
    return _candidate(
        record,
        end.turn,
        end.quote,
        text=f"Can you answer what {end.turn.speaker or 'somebody'} asks here: “{end.quote}”",
        reason=f"The summary says that it is still open: “{end.sentence}”",
        priority="high",
        more={"summary": end.sentence},
    )


def _candidate(
    record: Record,
    turn: Turn | None,
    quote: str,
    *,
    text: str,
    reason: str,
    priority: Priority,
    more: Mapping[str, str] | None = None,
) -> Candidate:
    chapter = record.chapter
    shown = {"chunk_id": turn.chunk_id, "quote": quote, "speaker": turn.speaker} if turn else {}
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority=priority,
        text=text,
        reason=reason,
        evidence={**shown, **(more or {})},
        key=fingerprint(CATEGORY, turn.chunk_id if turn else chapter.node.id, quote),
    )
    return Candidate(question, weight=1.0 + asks_for_facts(quote))


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
