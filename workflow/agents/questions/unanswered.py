"""Questions that are asked in a passage and that nobody there can answer, and names that nobody remembers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from workflow.agents.questions.phrases import FORGOTTEN, NOT_KNOWN, NOT_MEANT, PUT_OFF
from workflow.agents.questions.turns import conversation, sentences
from workflow.agents.questions.types import Candidate, Priority, Question, Record, Turn, fingerprint
from workflow.agents.quotations.english import STOP_WORDS

CATEGORY = "unanswered_question"
_MIN_WORDS = 6
_MAX_WORDS = 45
_MIN_CONTENT_WORDS = 2
_LONGEST_QUOTE = 300
_LONGEST_REPLY_WORDS = 25
_LONGEST_PUT_OFF_WORDS = 45
_LOOK_AHEAD = 12
_SHARED_WORDS = 0.5
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_LEAD_IN = (
    r"(?:(?:and|so|but|well|okay|ok|now|then|also|because|houston|yes|yeah|uh|um|er|first|just)[,.]?\s+)*"
)
_ASKS = re.compile(
    rf"{_LEAD_IN}(?:in\s+|at\s+|on\s+|for\s+|to\s+|from\s+|by\s+)?"
    r"(?:what|when|where|who|whom|whose|which|why|how|is|are|was|were|do|does|did|has|have)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?:,|\bor)\s*(?:\w+(?:n['’]t)?\s+)?\w+\s*\?$")
_LEANING = re.compile(
    r"\b(?:this|that|these|those|it|there|here|one|ones|they|them|thing|things)\b", re.IGNORECASE
)
_FACTS = re.compile(
    r"\b(?:who|whose|when|where|name|called|year|how (?:many|much|long|old|far))\b", re.IGNORECASE
)


@dataclass(frozen=True)
class _Gap:
    quote: str
    reply: str
    own_words: bool


def find(record: Record) -> Iterator[Candidate]:
    """Yield what was asked and not known, put off for good, or not remembered, in this chapter's passages."""
    for at, turn in enumerate(record.turns):
        said = list(sentences(turn))
        yield from (
            _forgotten(record, turn, s) for s in said if FORGOTTEN.search(s) and len(s) < _LONGEST_QUOTE
        )
        gap = _own_gap(said) or _gap_in_talk(record.turns, at, said)
        if gap:
            yield _asked(record, turn, gap)


def _own_gap(said: Sequence[str]) -> _Gap | None:
    """Find a question that the speaker goes on to say nothing is known about."""
    for question, reply in pairwise(said):
        if _is_real(question) and NOT_KNOWN.search(reply) and len(reply.split()) <= 10:
            return _Gap(question, reply, own_words=True)
    return None


def _gap_in_talk(turns: Sequence[Turn], at: int, said: Sequence[str]) -> _Gap | None:
    """Find a question at the end of a turn whose reply does not know, and that nobody comes back to."""
    question = said[-1] if said else ""
    following = list(conversation(turns, at, _LOOK_AHEAD))
    if not following or not _is_real(question) or following[0].speaker == turns[at].speaker:
        return None
    reply = following[0].text
    not_known, put_off = NOT_KNOWN.search(reply), PUT_OFF.search(reply)
    evasion = not_known or put_off
    longest = _LONGEST_PUT_OFF_WORDS if put_off else _LONGEST_REPLY_WORDS
    if not evasion or len(reply.split()) > longest or "?" in reply:
        return None
    if _is_answered(question, turns[at].speaker, following[1:], put_off=bool(put_off)):
        return None
    shown = next((s for s in sentences(following[0]) if evasion.group() in s), reply)
    return _Gap(question, shown, own_words=False)


def _is_answered(question: str, asker: str, later: Sequence[Turn], *, put_off: bool) -> bool:
    """Say whether somebody else speaks up at once, or uses the question's words later on."""
    if later and later[0].speaker != asker and not put_off and len(later[0].text.split()) > 4:
        return True
    wanted = _content_words(question)
    for turn in later:
        if turn.speaker != asker and "?" not in turn.text:
            shared = wanted & _content_words(turn.text)
            if len(shared) >= _SHARED_WORDS * len(wanted):
                return True
    return False


def _is_real(sentence: str) -> bool:
    """Say whether a sentence asks for something, and can be understood by itself."""
    if not sentence.endswith("?") or sentence.endswith(("—?", "-?", "…?", "–?")) or not _ASKS.match(sentence):
        return False
    words = sentence.split()
    if not _MIN_WORDS <= len(words) <= _MAX_WORDS or NOT_MEANT.search(sentence) or _TAG.search(sentence):
        return False
    needed = _MIN_CONTENT_WORDS + bool(_LEANING.search(sentence))
    return len(_content_words(sentence)) >= needed


def _content_words(text: str) -> set[str]:
    return {w for w in _WORD.findall(text.lower().replace("’", "'")) if len(w) > 3 and w not in STOP_WORDS}


def _asked(record: Record, turn: Turn, gap: _Gap) -> Candidate:
    who = turn.speaker or "somebody"
    says = f"{who[:1].upper()}{who[1:]} goes on" if gap.own_words else "The reply is"
    return _candidate(
        record,
        turn,
        gap.quote,
        text=f"Can you answer what {who} asks here: “{gap.quote}”",
        reason=f"{says}: “{gap.reply}” Nothing in the rest of this chapter’s passages answers it.",
        priority="high" if gap.own_words else "medium",
    )


def _forgotten(record: Record, turn: Turn, sentence: str) -> Candidate:
    who = turn.speaker or "somebody"
    return _candidate(
        record,
        turn,
        sentence,
        text=f"Can you fill in what {who} could not recall: “{sentence}”",
        reason="The passage leaves it open. A name or a date, even a guess, would help the chapter.",
        priority="high",
    )


def _candidate(
    record: Record, turn: Turn, quote: str, *, text: str, reason: str, priority: Priority
) -> Candidate:
    chapter = record.chapter
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority=priority,
        text=text,
        reason=reason,
        evidence={"chunk_id": turn.chunk_id, "quote": quote, "speaker": turn.speaker},
        key=fingerprint(CATEGORY, turn.chunk_id, quote),
    )
    return Candidate(question, weight=1.0 + bool(_FACTS.search(quote)))
