"""Finding what is asked in the turns of a passage and left open there; judges only, words nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .phrases import DEFLECTED, NOT_KNOWN, PUT_OFF
from .real_questions import content_words, is_about_the_past, is_real
from .records import Turn, conversation, sentences

_LONGEST_REPLY_WORDS = 25
_LONGEST_PUT_OFF_WORDS = 45
_LONGEST_OWN_REPLY_WORDS = 10
_LONGEST_PAUSE_WORDS = 3
_LONGEST_AFTERTHOUGHT_WORDS = 10
_AFTERTHOUGHTS = 2
_PAUSES = 2
_WORDS_OF_AN_ANSWER = 4
_LOOK_AHEAD = 12
_LOOK_BACK = 6
_SHARED_WORDS = 0.5


@dataclass(frozen=True)
class Gap:
    """A question as it stands in the turn at `at`, and the words that leave it open."""

    at: int
    quote: str
    reply: str
    own_words: bool
    is_admitted: bool


def find_gap(turns: Sequence[Turn], at: int) -> Gap | None:
    """Return what the turn at `at` asks, and neither its speaker nor anybody after can answer."""
    if "?" not in turns[at].text:
        return None
    said = list(sentences(turns[at]))
    return _own_gap(turns, at, said) or _gap_in_talk(turns, at, said)


def _own_gap(turns: Sequence[Turn], at: int, said: Sequence[str]) -> Gap | None:
    """Find a question that the speaker goes on to say nothing is known about."""
    for place, question in enumerate(said):
        if not (is_real(question) or is_about_the_past(question)):
            continue
        reply = _admission(said, place + 1)
        if reply and not _is_taken_up(turns, at):
            return Gap(at, question, reply, own_words=True, is_admitted=True)
    return None


def _admission(said: Sequence[str], start: int) -> str:
    """Return the admission that begins at `start`, after a word or two ("No."), with its next sentence."""
    for place, sentence in enumerate(said[start : start + _PAUSES + 1], start):
        words = len(sentence.split())
        if _admits(sentence) and words <= _LONGEST_OWN_REPLY_WORDS and not sentence.endswith("?"):
            further = said[place + 1] if place + 1 < len(said) and DEFLECTED.search(said[place + 1]) else ""
            return " ".join([*said[start:place], sentence, further]).strip()
        if words > _LONGEST_PAUSE_WORDS:
            break
    return ""


def _admits(sentence: str) -> bool:
    return bool(NOT_KNOWN.search(sentence) or DEFLECTED.search(sentence))


def _is_taken_up(turns: Sequence[Turn], at: int) -> bool:
    """Say whether the next to speak says more than a word or two, and knows."""
    for turn in conversation(turns, at, 1):
        is_longer = len(turn.text.split()) > _WORDS_OF_AN_ANSWER
        return turn.speaker != turns[at].speaker and is_longer and not _admits(turn.text)
    return False


def _gap_in_talk(turns: Sequence[Turn], at: int, said: Sequence[str]) -> Gap | None:
    """Find a question at the end of a turn whose reply does not know, and that nobody comes back to."""
    following = list(conversation(turns, at, _LOOK_AHEAD))
    if not following or following[0].speaker == turns[at].speaker:
        return None
    reply = following[0]
    is_deflected = bool(DEFLECTED.search(reply.text))
    question = _last_question(said, is_deflected=is_deflected)
    if not question:
        return None
    evasion = DEFLECTED.search(reply.text) or NOT_KNOWN.search(reply.text) or PUT_OFF.search(reply.text)
    is_put_off = is_deflected or bool(PUT_OFF.search(reply.text))
    longest = _LONGEST_PUT_OFF_WORDS if is_put_off else _LONGEST_REPLY_WORDS
    if not evasion or len(reply.text.split()) > longest or ("?" in reply.text and not is_deflected):
        return None
    if _is_answered(question, turns[at].speaker, following[1:], is_put_off=is_put_off):
        return None
    shown = next((s for s in sentences(reply) if evasion.group() in s), reply.text)
    return Gap(at, question, shown, own_words=False, is_admitted=is_deflected)


def _last_question(said: Sequence[str], *, is_deflected: bool) -> str:
    """Return the question that the turn ends with; one that is brushed aside may have an afterthought."""
    if not is_deflected:
        return said[-1] if said and is_real(said[-1]) else ""
    for place in range(len(said) - 1, max(-1, len(said) - _AFTERTHOUGHTS - 2), -1):
        if is_real(said[place]) or is_about_the_past(said[place]):
            return said[place]
        if len(said[place].split()) > _LONGEST_AFTERTHOUGHT_WORDS:
            break
    return ""


def _is_answered(question: str, asker: str, later: Sequence[Turn], *, is_put_off: bool) -> bool:
    """Say whether somebody else speaks up at once, or uses the question's words later on."""
    replies_at_once = bool(later) and later[0].speaker != asker and not is_put_off
    if replies_at_once and len(later[0].text.split()) > _WORDS_OF_AN_ANSWER:
        return True
    wanted = content_words(question)
    return any(_has_most(wanted, turn) for turn in later if turn.speaker != asker and "?" not in turn.text)


def _has_most(wanted: set[str], turn: Turn) -> bool:
    return bool(wanted) and len(wanted & content_words(turn.text)) >= _SHARED_WORDS * len(wanted)


def what_is_before(turns: Sequence[Turn], gap: Gap, limit: int) -> str:
    """Return the sentences before a question, in its chunk, up to `limit` characters: what it points at."""
    before = ""
    for sentence, gap_after in _backwards(turns, gap):
        longer = f"{sentence}{gap_after}{before}" if before else sentence
        if len(longer) > limit:
            break
        before = longer
    return before


def _backwards(turns: Sequence[Turn], gap: Gap) -> Iterator[tuple[str, str]]:
    """Yield the chunk's sentences before the question, the nearest first, each with what parts it from the next."""
    said = list(sentences(turns[gap.at]))
    yield from ((sentence, " ") for sentence in reversed(said[: said.index(gap.quote)]))
    for turn in reversed(turns[max(0, gap.at - _LOOK_BACK) : gap.at]):
        if turn.chunk_id != turns[gap.at].chunk_id:
            return
        for place, sentence in enumerate(reversed(list(sentences(turn)))):
            yield sentence, " " if place else " – "
