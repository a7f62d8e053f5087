"""Names and abbreviations that several passages use and none explains."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from books.text.english import FILLERS, STOP_WORDS
from workflow.agents.quotations.turns import plain_name
from workflow.harmonization.prose import proper_names

from .known_words import EXPLAINS_ITSELF, WELL_KNOWN
from .records import Candidate, Question, Record, Turn, fingerprint, sentences

CATEGORY = "unknown_name"
MIN_PASSAGES = 3
MANY_PASSAGES = 6
MAX_CHAPTER_SHARE = 0.5
_LONGEST_QUOTE = 300
# No name stands in a million passages: people come before what is unclear, and that before places.
_PERSON_WEIGHT = 1_000_000
_EXPERT_WEIGHT = 2 * _PERSON_WEIGHT
_SAYS_NOTHING = STOP_WORDS | FILLERS
_WORD = re.compile(r"\w+")
_LOWER = re.compile(r"(?<![\w'’])[a-zà-öø-ÿ][\w-]+")
_ABBREVIATION = re.compile(r"[A-Z]{3,6}")
_RELATIONS = """
    mother father sister brother aunt uncle cousin son daughter wife husband friend neighbour neighbor teacher
    boss grandmother grandfather nephew niece partner colleague doctor priest dog cat horse ship boat minister
    president
    """
_RELATION = "|".join(_RELATIONS.split())
# What explains a name: words behind it, words before it that say how it is called, or whose relation it is.
EXPLAINED_BEHIND = (
    r",? (?:which|who|that) (?:is|was|are|were)\b"
    r"|,? (?:is|was|are|were|means|stands for) (?:an?|the|my|our|his|her|one)\b"
    r"|, (?:an?|the|my|our|his|her) \w+| \("
)
CALLED = r"(?:called|named|known as|nickname[d]?|name was|name is|name of) (?:the )?"
RELATED = rf"(?i:my|our|his|her|their|the)(?: \w+)? (?:{_RELATION}),? "


_ASK_THEM = re.compile(
    r"\b(?i:(?:you|we|one)(?:['’]d| would) have to ask) (?P<name>[A-ZÀ-ÖØ-Þ][\w’'-]+(?: [A-ZÀ-ÖØ-Þ][\w’'-]+)?)"
)


@dataclass
class _Mentions:
    """Where a name stands: the chunks of each chapter, and the first turn there that has it."""

    chapters: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    first: dict[int, Turn] = field(default_factory=dict)

    @property
    def passages(self) -> int:
        return len(set().union(*self.chapters.values()))


def find(records: Sequence[Record]) -> Iterator[Candidate]:
    """Yield one question for each name of at least three passages that nothing in the book introduces."""
    by_number = {record.chapter.number: record for record in records}
    mentions = _mentions(records)
    lower = _lower_words(records)
    people = _people(records)
    wanted = {
        name: found
        for name, found in mentions.items()
        if len(found.chapters) <= max(MIN_PASSAGES, MAX_CHAPTER_SHARE * len(records))
        and _is_unknown(name, lower, people)
        and found.passages >= MIN_PASSAGES
    }
    experts = _referred_to(records, mentions, people)
    people_by_name, places = _people_and_places(records, wanted)
    introduced = _introduced(records, {*wanted, *experts})
    for name in sorted(experts.keys() - introduced):
        yield _expert(name, *experts[name])
    for name in sorted(wanted.keys() - introduced - experts.keys()):
        if name.endswith("s") and name[:-1] in wanted:
            continue
        chapter = min(wanted[name].chapters, key=lambda number: (-len(wanted[name].chapters[number]), number))
        is_person = name in people_by_name
        yield _candidate(name, by_number[chapter], wanted[name], is_person=is_person, is_place=name in places)


def _mentions(records: Sequence[Record]) -> dict[str, _Mentions]:
    mentions: defaultdict[str, _Mentions] = defaultdict(_Mentions)
    for record in records:
        number = record.chapter.number
        for turn in record.turns:
            for name in {name.text for name in proper_names(turn.text)}:
                mentions[name].chapters[number].add(turn.chunk_id)
                mentions[name].first.setdefault(number, turn)
    return mentions


def _lower_words(records: Iterable[Record]) -> frozenset[str]:
    words: set[str] = set()
    for record in records:
        for turn in record.turns:
            words.update(_LOWER.findall(turn.text))
    return frozenset(words)


def _people(records: Iterable[Record]) -> frozenset[str]:
    """Return the words of all names of speakers and participants, with their offices."""
    names = {name for record in records for name in record.chapter.node.participants}
    names |= {turn.speaker for record in records for turn in record.turns}
    names |= {plain_name(name) for name in names}
    return frozenset(word.casefold() for name in names for word in _WORD.findall(name))


def _is_unknown(name: str, lower: frozenset[str], people: frozenset[str]) -> bool:
    words = [word.casefold() for word in re.split(r"[ -]", name) if word]
    if any(word in people or word in WELL_KNOWN or word in EXPLAINS_ITSELF for word in words):
        return False
    if any(char.isdigit() or char == "_" for char in name) or all(word in _SAYS_NOTHING for word in words):
        return False
    if name.isupper():
        return bool(_ABBREVIATION.fullmatch(name)) and not _is_shouted(name.lower(), lower)
    if len(words) == 1:
        return len(name) > 3 and name.lower() not in lower and name.lower().rstrip("s") not in lower
    return not any(word.isupper() for word in name.split(" "))


def _is_shouted(word: str, lower: frozenset[str]) -> bool:
    """Say whether a word in capitals is a common one, or the head of one ("AUTO", "COMM")."""
    return word in lower or (len(word) > 3 and any(other.startswith(word) for other in lower))


def _introduced(records: Sequence[Record], wanted: Iterable[str]) -> set[str]:
    """Return the names that some passage or summary explains."""
    first_words = {name.split(" ")[0] for name in wanted}
    if not first_words:
        return set()
    explained = _explaining(wanted)
    found: set[str] = set()
    for text in _texts(records):
        for match in explained.finditer(text):
            found.update(group for group in match.groupdict().values() if group)
    return found | _spelled_out(records, [name for name in wanted if name.isupper()])


def _explaining(names: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of one of these names where it is explained; its groups that match are the name."""
    any_name = "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))
    return re.compile(
        rf"\b(?:(?P<is>{any_name})(?:{EXPLAINED_BEHIND})|(?:{CALLED})(?P<called>{any_name})\b"
        rf"|\b(?:{RELATED})(?P<relation>{any_name})\b|\((?P<in>{any_name})\))"
    )


def _texts(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        yield record.chapter.node.summary
        yield from (turn.text for turn in record.turns)


def _spelled_out(records: Sequence[Record], abbreviations: Iterable[str]) -> set[str]:
    """Return the abbreviations whose letters begin words in a row somewhere ("emergency response benefit")."""
    between = r"(?:\s+(?:of|for|and|the|in|to))*\s+"
    patterns = {
        name: re.compile(r"\b" + between.join(f"{letter}[a-z]+" for letter in name), re.IGNORECASE)
        for name in abbreviations
    }
    texts = list(_texts(records))
    return {name for name, pattern in patterns.items() if any(pattern.search(text) for text in texts)}


def _referred_to(
    records: Iterable[Record], mentions: Mapping[str, _Mentions], people: frozenset[str]
) -> dict[str, tuple[Record, Turn]]:
    """Return who "would have to be asked" and takes no part, with the first turn that says so."""
    found: dict[str, tuple[Record, Turn]] = {}
    for record in records:
        for turn in record.turns:
            for match in _ASK_THEM.finditer(turn.text):
                name = match["name"]
                words = {word.casefold() for word in name.split()}
                if name in mentions and not words & (people | WELL_KNOWN | EXPLAINS_ITSELF):
                    found.setdefault(name, (record, turn))
    return found


def _people_and_places(records: Iterable[Record], wanted: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return the names that are thanked, greeted, or say or do something, and those that one is in or at."""
    names = "|".join(sorted(map(re.escape, wanted), key=lambda name: (-len(name), name)))
    if not names:
        return set(), set()
    person = re.compile(
        rf"(?i:thank you|thanks|sorry|hello|hi|welcome),? (?P<to>{names})\b[,.?!]"
        rf"|\b(?P<of>{names}) (?:said|says|thinks?|thought|asked|told|mentioned|knew|rang|wrote|will tell)\b"
        rf"|\b(?i:in|into|at) (?P<place>{names})\b|\b(?i:aboard|on|from|the) (?P<thing>{names})\b"
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for text in _texts(records):
        for match in person.finditer(text):
            found[match.lastgroup or ""].add(match[match.lastgroup or 0])
    people = found["to"] | found["of"]
    places = {name for name in found["place"] - people if not name[:-1].isupper()}
    return people - found["place"] - found["thing"], places


def _asks(name: str, *, is_person: bool) -> str:
    if name.isupper():
        return f"What does {name} stand for"
    if name[:-1].isupper():
        return f"What are {name}"
    return f"Who is {name}" if is_person else f"Who or what is {name}"


def _expert(name: str, record: Record, turn: Turn) -> Candidate:
    chapter = record.chapter
    quote = _sentence_with(turn, name)
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority="medium",
        text=f"Who is {name}, and can {name} still be asked?",
        reason=f"{turn.speaker or 'A passage'} says: “{quote}” No passage tells who that is.",
        evidence={"name": name, "chunk_id": turn.chunk_id, "quote": quote, "speaker": turn.speaker},
        key=fingerprint(CATEGORY, name),
    )
    return Candidate(question, weight=_EXPERT_WEIGHT)


def _candidate(name: str, record: Record, found: _Mentions, *, is_person: bool, is_place: bool) -> Candidate:
    chapter = record.chapter
    turn = found.first[chapter.number]
    count = found.passages
    where = " of this chapter" if len(found.chapters) == 1 else ""
    question = Question(
        chapter=chapter.number,
        node_id=chapter.node.id,
        category=CATEGORY,
        priority="medium" if count >= MANY_PASSAGES and not is_place else "low",
        text=f"{_asks(name, is_person=is_person)}, and why does that matter here?",
        reason=f"The name stands in {count} passages{where}, and none of them explains it.",
        evidence={
            "name": name,
            "passages": count,
            "chapters": sorted(found.chapters)[:20],
            "chunk_id": turn.chunk_id,
            "quote": _sentence_with(turn, name),
            "speaker": turn.speaker,
        },
        key=fingerprint(CATEGORY, name),
    )
    return Candidate(question, weight=_PERSON_WEIGHT * is_person - _PERSON_WEIGHT * is_place + count)


def _sentence_with(turn: Turn, name: str) -> str:
    found = next((sentence for sentence in sentences(turn) if name in sentence), turn.text)
    if len(found) <= _LONGEST_QUOTE:
        return found
    at = max(0, found.index(name) - _LONGEST_QUOTE // 2)
    start = found.find(" ", at) + 1 if at else 0
    return found[start : found.rfind(" ", start, start + _LONGEST_QUOTE)]
