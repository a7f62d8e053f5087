"""Which sentences belong together: a question and its answer, a thought and the one that it leans on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from books.text.english import ACKNOWLEDGEMENTS

from .sentences import Sentence
from .words import split_words

Company = Mapping[int, Sequence[int]]

_LINES_AHEAD = 3
_SENTENCES_AHEAD = 3
_SHORT_REPLY_WORDS = 4
_LONG_LEAD_WORDS = 40
_LEAST_QUALITY = 0.3
_LEAST_ANSWER_QUALITY = 0.2


def pair_exchanges(sentences: Sequence[Sentence]) -> Company:
    """Map a question's place to the places of its answer, and each of those to the question.

    The answer is the first sentence of substance of the next other known speaker, and what that speaker
    says before it ("Yes."). Only the last question of a turn is answered.
    """
    company: dict[int, list[int]] = {}
    for place, sentence in enumerate(sentences):
        if sentence.quality >= _LEAST_QUALITY and sentence.speaker and sentence.is_question:
            answer = _answer_to(sentences, place)
            if answer:
                company[place] = answer
                for part in answer:
                    company.setdefault(part, []).append(place)
    return company


def with_short_answers(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Let a short answer that tells something ("Hull.") count, with its question, where the line has nothing else."""
    lifted = list(sentences)
    for place, (question, answer) in enumerate(pairwise(sentences)):
        is_answer = answer.line == question.line + 1 and answer.speaker and answer.speaker != question.speaker
        if not (
            question.is_question and question.speaker and is_answer and _is_short_answer(sentences, place + 1)
        ):
            continue
        lifted[place] = replace(question, quality=max(question.quality, _LEAST_QUALITY))
        lifted[place + 1] = replace(answer, quality=_LEAST_QUALITY)
    return lifted


def _is_short_answer(sentences: Sequence[Sentence], place: int) -> bool:
    answer = sentences[place]
    more = place + 1 < len(sentences) and sentences[place + 1].line == answer.line
    return not answer.quality and bool(answer.terms) and answer.words <= _SHORT_REPLY_WORDS and not more


def find_leads(sentences: Sequence[Sentence]) -> Company:
    """Map a place to the neighbours without which it is hard to follow.

    A question and a sentence that begins with "It" or "But" need the one before; a line that begins or
    breaks off in the middle of a sentence needs the same speaker's line before or after.
    """
    leads: dict[int, list[int]] = {}
    for place, sentence in enumerate(sentences):
        if place and (sentence.leans or sentence.is_question):
            before = sentences[place - 1]
            if before.line == sentence.line and before.quality and before.words <= _LONG_LEAD_WORDS:
                leads.setdefault(place, []).append(place - 1)
        if sentence.goes_on:
            rest = _rest_of(sentences, place)
            if rest is not None:
                leads.setdefault(place, []).append(rest)
                leads.setdefault(rest, []).append(place)
    return leads


def _answer_to(sentences: Sequence[Sentence], question: int) -> list[int]:
    asker, asked_in = sentences[question].speaker, sentences[question].line
    for place in range(question + 1, len(sentences)):
        sentence = sentences[place]
        if sentence.line > asked_in + _LINES_AHEAD or not sentence.speaker:
            return []
        if sentence.speaker == asker:
            if sentence.is_question and sentence.quality:
                return []
            continue
        answer = _substance_from(sentences, place)
        if answer:
            return answer
    return []


def _substance_from(sentences: Sequence[Sentence], first: int) -> list[int]:
    """The first sentence of substance of the line that begins here, with a short reply right before it."""
    line = sentences[first].line
    for place in range(first, min(first + _SENTENCES_AHEAD, len(sentences))):
        if sentences[place].line != line:
            return []
        if sentences[place].quality >= _LEAST_ANSWER_QUALITY:
            before = sentences[place - 1] if place > first else None
            return [place - 1, place] if before and _is_reply(before) else [place]
    return []


def _is_reply(sentence: Sentence) -> bool:
    words = split_words(sentence.text)
    return sentence.words <= _SHORT_REPLY_WORDS and any(word not in ACKNOWLEDGEMENTS for word in words)


def _rest_of(sentences: Sequence[Sentence], place: int) -> int | None:
    """Where the same speaker finishes, over the interjections of others, a sentence that broke off."""
    broken = sentences[place]
    if place + 1 < len(sentences) and sentences[place + 1].line == broken.line:
        return None
    for later in range(place + 1, len(sentences)):
        sentence = sentences[later]
        if sentence.line > broken.line + _LINES_AHEAD or sentence.chunk != broken.chunk:
            return None
        if sentence.speaker == broken.speaker and sentence.line > broken.line:
            return later if sentence.begins_inside and sentence.quality else None
        if sentence.speaker != broken.speaker and sentence.quality:
            return None
    return None
