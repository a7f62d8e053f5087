"""Reads a model's answer into a ChapterResult, or says what is wrong with it in words for the model."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from books.text.citations import citation_marks, cited_ids
from books.text.words import count_prose, count_words
from workflow.agents.drafting.drafts import clean, unknown_chunks
from workflow.contract.agent_types import ChapterResult, ChapterTask
from workflow.contract.failures import Failure

from .language import wrong_language
from .leaks import elisions_in, leaks_in
from .prompt.answer_form import META_MARKER, WRITING_RULES
from .prompt.preference_lines import wanted_words

SHORTEST, LONGEST = 0.5, 1.6
SHORTEST_OF_SOURCES = 0.6
LONGEST_LIST = 200
NAMED_AT_MOST = 5

_MARKER = re.compile(r"^[ \t>*_#`]*<<<\s*CHAPTER[-_ ]META\s*>>>[ \t*_`]*$", re.MULTILINE | re.IGNORECASE)
_WHOLE_FENCE = re.compile(r"\A\s*```[\w-]*[ \t]*\n")
_FENCE_LINE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.MULTILINE)
_ID_LIKE = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[^\W\d_])[\w.:#/+-]+")
_WORD = re.compile(r"\w+")
_SPACES = re.compile(r"\s+")
_RULE_WORDS = 8


# What a person is told about an answer in which a fault stays: "the answer still …".
TOLD = {
    "incomplete": "stopped before its end",
    "empty": "had no text",
    "elided": "left out a part of the chapter",
    "leak": "contained words that are no part of a chapter",
    "unknown_chunks": "named passages that do not exist",
    "no_citations": "named no passage that it rests on",
    "language": "was in another language than the one that is wanted",
    "length": "was far from the length that is wanted",
}


class BadAnswer(Exception):
    """An answer that cannot be a chapter. `sentence` goes back to the model, `told` is for the person."""

    code = Failure.BAD_OUTPUT

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(f"{kind}: {sentence}")
        self.kind = kind
        self.sentence = sentence
        self.told = TOLD[kind]


class Usable(BadAnswer):
    """A chapter that could be better. `draft` is the chapter, marked so, for when enough was asked."""

    def __init__(self, kind: str, sentence: str, draft: ChapterResult) -> None:
        super().__init__(kind, sentence)
        self.draft = draft


class WrongLength(Usable):
    """A good chapter, far from its target length."""

    def __init__(self, sentence: str, draft: ChapterResult) -> None:
        super().__init__("length", sentence, draft)


class WrongLanguage(Usable):
    """A chapter that is certainly in another language than the wanted one."""

    def __init__(self, sentence: str, draft: ChapterResult) -> None:
        super().__init__("language", sentence, draft)


@dataclass(frozen=True)
class LengthRange:
    """How many words are near enough to the `target`."""

    target: int
    fewest: int
    most: int


def length_range(task: ChapterTask, words: int | None = None) -> LengthRange:
    """Return the range for a chapter of `words` (by default the person's); thin sources ask for less."""
    target = words or wanted_words(task.user_preferences)
    source_words = sum(count_words(chunk.text) for chunk in task.text_chunks)
    fewest = min(SHORTEST * target, SHORTEST_OF_SOURCES * source_words)
    return LengthRange(target, round(fewest), round(LONGEST * target))


def parse_answer(text: str, task: ChapterTask, words: int | None = None) -> ChapterResult:
    """Return the chapter in an answer. Raises BadAnswer, the first of its faults; a Usable one only as the last.

    `words` is the length that was asked for, where a small model was asked for less than the person's.
    """
    markdown, meta = _split(clean(text))
    if not count_prose(markdown):
        raise BadAnswer("empty", "Your answer has no text before the closing block. Write the chapter.")
    draft = _draft(markdown, meta)
    _check_leaks(draft, task)
    _check_chunks(draft, task)
    wrong = wrong_language(draft.content, task)
    wanted = length_range(task, words)
    if wrong is None:
        return _check_length(draft, wanted)
    measures = {**_measures(draft, wanted), "language_fault": f"{wrong[1]}, {wrong[0]} wanted"}
    asked = f"Write in {wrong[0]}, and give the whole chapter and its closing block again."
    raise WrongLanguage(f"Your chapter is in {wrong[1]}. {asked}", replace(draft, quality_metrics=measures))


def has_closing_block(text: str) -> bool:
    """Return whether the answer reaches its end: the mark and a whole JSON object after it."""
    try:
        _split(text)
    except BadAnswer:
        return False
    return True


def _split(text: str) -> tuple[str, Mapping[str, object]]:
    """Return the Markdown and the JSON object; the last mark counts, a source may have been quoted with one."""
    text = text.replace("\r\n", "\n")
    marks = list(_MARKER.finditer(text))
    if not marks:
        raise _incomplete(f"it does not end with the line {META_MARKER} and the JSON object")
    head, tail = text[: marks[-1].start()], text[marks[-1].end() :]
    return _without_fence(head), _json_object(tail)


def _without_fence(head: str) -> str:
    """Return the Markdown without a code fence around the whole of it."""
    opening = _WHOLE_FENCE.match(head)
    if opening and len(_FENCE_LINE.findall(head)) <= 2:
        head = _FENCE_LINE.sub("", head)
    elif len(_FENCE_LINE.findall(head)) % 2:
        # The fence of the closing block was opened before its mark.
        head = re.sub(r"```[\w-]*\s*\Z", "", head)
    return head.strip()


def _json_object(tail: str) -> Mapping[str, object]:
    start = tail.find("{")
    if start < 0:
        raise _incomplete("the JSON object after the mark is missing")
    try:
        found, _ = json.JSONDecoder().raw_decode(tail, start)
    except (ValueError, RecursionError):
        raise _incomplete("the JSON object after the mark is broken or cut off") from None
    assert isinstance(found, Mapping)
    missing = [key for key in ("title", "source_chunk_ids") if key not in found]
    if missing:
        raise _incomplete(f"the JSON object has no {' and no '.join(missing)}")
    return found


def _incomplete(reason: str) -> BadAnswer:
    return BadAnswer(
        "incomplete", f"Your answer is not complete: {reason}. Give the whole chapter and its closing block."
    )


def _draft(markdown: str, meta: Mapping[str, object]) -> ChapterResult:
    title = meta["title"]
    if not isinstance(title, str):
        raise _incomplete("title is not text")
    confidence = meta.get("confidence")
    is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
    return ChapterResult(
        content=markdown,
        title=_SPACES.sub(" ", title).strip().lstrip("# "),
        themes=_texts(meta, "themes"),
        participants=_texts(meta, "participants"),
        tags=_texts(meta, "tags"),
        source_chunk_ids=tuple(dict.fromkeys(_texts(meta, "source_chunk_ids"))),
        confidence=float(confidence) if is_number and 0 <= confidence <= 1 else None,  # type: ignore[arg-type, operator]
    )


def _texts(meta: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = meta.get(key) or ()
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        raise _incomplete(f"{key} is not a list of texts")
    return tuple(each.strip() for each in values[:LONGEST_LIST] if each.strip())


def _check_leaks(draft: ChapterResult, task: ChapterTask) -> None:
    """Refuse text of ours or of the model's own in the chapter; what a source says itself is no leak."""
    sources = "\n".join(chunk.text for chunk in task.text_chunks)
    for leak in leaks_in(draft.content, draft.title):
        if leak not in sources:
            raise BadAnswer("leak", f"Your chapter contains “{leak[:60]}”, which is no part of a chapter.")
    for elision in elisions_in(draft.content):
        if elision not in sources:
            sentence = (
                f"Your chapter leaves a part of itself out (“{elision[:60]}”). Write all of it, to its end."
            )
            raise BadAnswer("elided", sentence)
    prose = " ".join(_WORD.findall(draft.content.lower()))
    if any(shingle in prose for shingle in _rule_shingles()):
        raise BadAnswer(
            "leak", "Your chapter repeats the rules that you were given. Write the chapter alone."
        )


def _rule_shingles() -> Iterator[str]:
    for rule in WRITING_RULES:
        words = _WORD.findall(rule.lower())
        for start in range(len(words) - _RULE_WORDS + 1):
            yield " ".join(words[start : start + _RULE_WORDS])


def _check_chunks(draft: ChapterResult, task: ChapterTask) -> None:
    """Refuse ids that the task does not have, and a chapter that cites none although there are some."""
    known = {chunk.id for chunk in task.text_chunks}
    sources = "\n".join(chunk.text for chunk in task.text_chunks)
    marks = [
        chunk_id
        for _, _, chunk_id in citation_marks(draft.content)
        if chunk_id not in known and _ID_LIKE.fullmatch(chunk_id) and f"[{chunk_id}]" not in sources
    ]
    unknown = list(dict.fromkeys([*unknown_chunks(draft, task), *marks]))
    if unknown:
        named = ", ".join(each[:80] for each in unknown[:NAMED_AT_MOST])
        raise BadAnswer(
            "unknown_chunks", f"There are no passages with these ids: {named}. Cite only ids that you got."
        )
    if known and not known.intersection(cited_ids(draft.content)):
        raise BadAnswer(
            "no_citations",
            "No paragraph cites a passage. End every paragraph with its passages’ ids in brackets.",
        )


def _measures(draft: ChapterResult, wanted: LengthRange) -> dict[str, object]:
    return {"words": count_prose(draft.content), "target_words": wanted.target}


def _check_length(draft: ChapterResult, wanted: LengthRange) -> ChapterResult:
    """Return the draft with its length's measures. Raises WrongLength, with the draft marked, where it is far off."""
    words = count_prose(draft.content)
    measures = _measures(draft, wanted)
    if wanted.fewest <= words <= wanted.most:
        return replace(draft, quality_metrics=measures)
    fault = "too short" if words < wanted.fewest else "too long"
    measured = f"Your chapter has {words} words; about {wanted.target} are wanted"
    asked = "Tell more of what the passages say" if fault == "too short" else "Tell it more briefly"
    marked = replace(draft, quality_metrics={**measures, "length_fault": fault})
    raise WrongLength(f"{measured}. {asked}, and give the whole chapter and its closing block again.", marked)
