"""People who take part and are hardly heard: in the whole book, or in a chapter that is about them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from books.text.english import ROLES
from workflow.agents.quotations.turns import plain_name
from workflow.harmonization.prose import word_set

from .records import Candidate, Question, Record, Turn, fingerprint

CATEGORY = "thin_voice"
THIN_WORDS = 20
THIN_SHARE = 0.1
SHARE_OF_USUAL = 1 / 3
LEADING_SHARE = 0.1
MIN_CHAPTER_WORDS = 300
_OFFICIAL = word_set("project manager designer marketing user interface acting some an members the")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Part:
    name: str
    record: Record
    words_here: int
    chapters: int


def find(records: Sequence[Record]) -> Iterator[Candidate]:
    """Yield one question for each person who is hardly heard in the book, or where the chapter is theirs."""
    heard: Counter[str] = Counter()
    counted: set[str] = set()
    for record in records:
        heard += _words_by_speaker(turn for turn in record.turns if turn.chunk_id not in counted)
        counted |= {turn.chunk_id for turn in record.turns}
    for key, part in _parts(records).items():
        if heard[key] < THIN_WORDS:
            yield _candidate(key, part, heard[key])
    yield from _silent_leads(records, heard)


def _silent_leads(records: Sequence[Record], heard: Counter[str]) -> Iterator[Candidate]:
    """Yield, for each leading voice of the book, the chapter about them where they say least."""
    book_total = heard.total()
    usual = {
        key: words / book_total for key, words in heard.items() if key and words >= LEADING_SHARE * book_total
    }
    thinnest: dict[str, tuple[float, _Part, int]] = {}
    for record in filter(_has_sources, records) if usual else ():
        said = _words_by_speaker(record.turns)
        total = said.total()
        if total < MIN_CHAPTER_WORDS:
            continue
        for name in filter(_is_person, dict.fromkeys(map(plain_name, record.chapter.node.participants))):
            key, share = name.casefold(), said[name.casefold()] / total
            if not _is_thin(share, usual.get(key, 0.0)) or not _others_are_heard(said, key, total):
                continue
            if _is_about(record, name) and share < thinnest.get(key, (1.0,))[0]:
                thinnest[key] = (share, _Part(name, record, said[key], 1), total)
    for key, (_, part, total) in thinnest.items():
        yield _silent(key, part, total)


def _is_thin(share: float, usual: float) -> bool:
    return share < THIN_SHARE and share < SHARE_OF_USUAL * usual


def _others_are_heard(said: Counter[str], key: str, total: int) -> bool:
    return sum(words >= THIN_SHARE * total for other, words in said.items() if other and other != key) >= 2


def _is_about(record: Record, name: str) -> bool:
    """Say whether the chapter's summary names the person by a name that no other participant has."""
    others = [plain_name(other) for other in record.chapter.node.participants]
    shared = {word for other in others if other != name for word in other.split()}
    own = [word for word in name.split() if word not in shared and word[:1].isupper() and len(word) > 2]
    return any(re.search(rf"\b{re.escape(word)}\b", record.chapter.node.summary) for word in own)


def _silent(key: str, part: _Part, total: int) -> Candidate:
    chapter = part.record.chapter
    title = chapter.title or chapter.node.title
    said = part.words_here
    if said:
        text = f"Can {part.name} tell more about “{title}”?"
        heard = f"only {said} of the {total} words of its passages are from them"
    else:
        text = f"What would {part.name} say about “{title}”?"
        heard = "no passage of it has their words"
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority="medium",
        text=text,
        reason=f"The chapter is about {part.name} too, and {heard}.",
        evidence={"person": part.name, "words": said, "chapters": 1, **_passage(key, part)},
        key=fingerprint(CATEGORY, key, chapter.node.id),
    )
    return Candidate(question, weight=1.0)


def _words_by_speaker(turns: Iterable[Turn]) -> Counter[str]:
    words: Counter[str] = Counter()
    for turn in turns:
        words[_key(turn.speaker)] += len(_WORD.findall(turn.text))
    return words


def _key(name: str) -> str:
    return plain_name(name).casefold()


def _parts(records: Sequence[Record]) -> dict[str, _Part]:
    """Return each person's part: the chapter with most of their words, of equals the first."""
    parts: dict[str, _Part] = {}
    for record in filter(_has_sources, records):
        said = _words_by_speaker(record.turns)
        for name in filter(_is_person, dict.fromkeys(map(plain_name, record.chapter.node.participants))):
            known, words = parts.get(name.casefold()), said[name.casefold()]
            chapters = known.chapters + 1 if known else 1
            if known and words <= known.words_here:
                parts[name.casefold()] = replace(known, chapters=chapters)
            else:
                parts[name.casefold()] = _Part(name, record, words, chapters)
    return parts


def _has_sources(record: Record) -> bool:
    return bool(record.turns)


def _is_person(name: str) -> bool:
    words = [word.strip(".,") for word in name.split()]
    if not words or name.casefold().startswith("the ") or any(char.isdigit() for char in name):
        return False
    if name.isupper():
        return False
    return not any(word.casefold() in ROLES | _OFFICIAL for word in words)


def _candidate(key: str, part: _Part, words: int) -> Candidate:
    chapter = part.record.chapter
    title = chapter.title or chapter.node.title
    if words:
        text = f"Can {part.name} tell more about “{title}”?"
        heard = "1 word" if words == 1 else f"{words} words"
        reason = f"{part.name} takes part in this chapter, and the whole book has only {heard} from them."
    else:
        text = f"What would {part.name} say about “{title}”?"
        reason = f"{part.name} is named as taking part, and no passage of the book has their words."
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority="low" if words else "medium",
        text=text,
        reason=reason,
        evidence={"person": part.name, "words": words, "chapters": part.chapters, **_passage(key, part)},
        key=fingerprint(CATEGORY, key),
    )
    return Candidate(question, weight=part.chapters)


def _passage(key: str, part: _Part) -> dict[str, object]:
    turn = next((turn for turn in part.record.turns if _key(turn.speaker) == key), None)
    return {"chunk_id": turn.chunk_id, "quote": turn.text.partition("\n")[0]} if turn else {}
