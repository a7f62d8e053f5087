"""The preferences that are known: their keys, kinds, bounds, and the words that pages and documents have for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

DEFAULT_WORDS = 900
FEWEST_WORDS, MOST_WORDS = 150, 5_000

MOST_NAMES = 200
NAME_CHARACTERS = 120
MOST_TERMS = 100
TERM_CHARACTERS = 200

# Of keys that are not known: how deep they may go, and how much they may hold.
DEPTH = 6
UNKNOWN_KEYS = 50
UNKNOWN_CHARACTERS = 20_000

FIRST, THIRD, AS_SPOKEN = "first", "third", "as the speakers do"
PAST, PRESENT = "past", "present"
# Keys that older uploads and forms had, and what they are read as.
OLD_KEYS: Mapping[str, str] = {"notes": "style_notes"}


class Kind(Enum):
    """What the value of a preference is."""

    LINE = "line"
    TEXT = "text"
    CHOICE = "choice"
    WHOLE = "whole"
    NAMES = "names"
    TERMS = "terms"


@dataclass(frozen=True)
class Preference:
    """One preference. `most` bounds characters, or entries of a list; `choices` are value and label."""

    key: str
    kind: Kind
    label: str
    help: str
    most: int
    choices: Mapping[str, str] = field(default_factory=dict)
    example: object = None


# In the order in which a person is asked, and in which a model is told.
PREFERENCES: tuple[Preference, ...] = (
    Preference(
        "words_per_chapter",
        Kind.WHOLE,
        "Words per chapter",
        f"From {FEWEST_WORDS} to {MOST_WORDS:,}; about {DEFAULT_WORDS} where nothing is said.",
        MOST_WORDS,
        example=1200,
    ),
    Preference(
        "language",
        Kind.LINE,
        "Language of the chapters",
        "Where it is not the book’s language, or more is to be said of it: “German, Swiss spelling”.",
        100,
        example="de",
    ),
    Preference(
        "audience",
        Kind.LINE,
        "Readers",
        "Who it is written for: “the grandchildren, who never saw the river”.",
        300,
        example="the grandchildren, who never saw the river",
    ),
    Preference(
        "person",
        Kind.CHOICE,
        "Person",
        "Who tells the story: “I” and “we”, “she” and “they”, or each speaker as they speak.",
        30,
        {FIRST: "First person", THIRD: "Third person", AS_SPOKEN: "As the speakers do"},
        example=THIRD,
    ),
    Preference(
        "tense",
        Kind.CHOICE,
        "Tense",
        "The tense in which the story is told.",
        30,
        {PAST: "Past", PRESENT: "Present"},
        example=PAST,
    ),
    Preference(
        "tone",
        Kind.LINE,
        "Tone",
        "For example: plain and warm, in the speakers’ own turns of phrase.",
        500,
        example="Plain and warm.",
    ),
    Preference(
        "style_notes",
        Kind.TEXT,
        "Notes on style",
        "Whatever else the writer should mind.",
        4_000,
        example="Short sentences. No exclamation marks.",
    ),
    Preference(
        "names",
        Kind.NAMES,
        "Names and spellings to keep",
        "One a line. What it must not become goes behind “not”: Ottilie, not Otilie.",
        MOST_NAMES,
        example=["Ottilie, not Otilie", "Linnow"],
    ),
    Preference(
        "leave_out",
        Kind.TERMS,
        "Leave out",
        "One word or phrase a line: what the book must not tell. Only whole words are found, in capitals or not: "
        "“ferry” does not find “ferries”, so give each form its line.",
        MOST_TERMS,
        example=["the divorce"],
    ),
)
BY_KEY: Mapping[str, Preference] = {preference.key: preference for preference in PREFERENCES}

# What a writer of quotations does not ask: it alters nobody's words.
NOT_FOR_QUOTATIONS = frozenset({"language", "audience", "person", "tense", "tone", "style_notes"})
