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


class Group(Enum):
    """Where the form asks for it. VOICE and FINER do not concern a writer of quotations: it alters nobody's words."""

    CONTENT = "content"
    VOICE = "voice"
    FINER = "finer"


@dataclass(frozen=True)
class Preference:
    """One preference: all that upload, API, form, pages, help and prompts need to know of it.

    `most` bounds characters, or entries of a list; `choices` are value and label. `rank` is its place among the lines
    that a model is told, of which the last give way where there is no room for all; None where it is told otherwise,
    or never. `prompt_label` is how the prompt calls it, where that is not the label.
    """

    key: str
    kind: Kind
    group: Group
    label: str
    help: str
    most: int
    choices: Mapping[str, str] = field(default_factory=dict)
    example: object = None
    # Without a default: what nobody thinks of here, no model would ever be told.
    rank: int | None = field(kw_only=True)
    prompt_label: str = ""


# In the order in which a person is asked.
PREFERENCES: tuple[Preference, ...] = (
    Preference(
        "words_per_chapter",
        Kind.WHOLE,
        Group.CONTENT,
        "Words per chapter",
        f"From {FEWEST_WORDS} to {MOST_WORDS:,}; about {DEFAULT_WORDS} where nothing is said.",
        MOST_WORDS,
        example=1200,
        rank=None,  # The task has the number.
    ),
    Preference(
        "language",
        Kind.LINE,
        Group.FINER,
        "Language of the chapters",
        "Where it is not the book’s language, or more is to be said of it: “German, Swiss spelling”.",
        100,
        example="de",
        rank=1,
        prompt_label="Language of the chapter",
    ),
    Preference(
        "tone",
        Kind.LINE,
        Group.VOICE,
        "Tone",
        "For example: plain and warm, in the speakers’ own turns of phrase.",
        500,
        example="Plain and warm.",
        rank=5,
    ),
    Preference(
        "person",
        Kind.CHOICE,
        Group.VOICE,
        "Person",
        "Who tells the story: “I” and “we”, “she” and “they”, or each speaker as they speak.",
        30,
        {FIRST: "First person", THIRD: "Third person", AS_SPOKEN: "As the speakers do"},
        example=THIRD,
        rank=3,
        prompt_label="Narrative person",
    ),
    Preference(
        "tense",
        Kind.CHOICE,
        Group.VOICE,
        "Tense",
        "The tense in which the story is told.",
        30,
        {PAST: "Past", PRESENT: "Present"},
        example=PAST,
        rank=4,
    ),
    Preference(
        "audience",
        Kind.LINE,
        Group.VOICE,
        "Readers",
        "Who it is written for: “the grandchildren, who never saw the river”.",
        300,
        example="the grandchildren, who never saw the river",
        rank=6,
    ),
    Preference(
        "style_notes",
        Kind.TEXT,
        Group.FINER,
        "Notes on style",
        "Whatever else the writer should mind.",
        4_000,
        example="Short sentences. No exclamation marks.",
        rank=7,
    ),
    Preference(
        "names",
        Kind.NAMES,
        Group.CONTENT,
        "Names and spellings to keep",
        "One a line. What it must not become goes behind “not”: Ottilie, not Otilie.",
        MOST_NAMES,
        example=["Ottilie, not Otilie", "Linnow"],
        rank=2,
    ),
    Preference(
        "leave_out",
        Kind.TERMS,
        Group.CONTENT,
        "Leave out",
        "One word or phrase a line: what the book must not tell. Only whole words are found, in capitals or not: "
        "“ferry” does not find “ferries”, so give each form its line.",
        MOST_TERMS,
        example=["the divorce"],
        rank=None,  # What is withheld is told to no model: it never sees it.
    ),
)
BY_KEY: Mapping[str, Preference] = {preference.key: preference for preference in PREFERENCES}
# As a model is told.
TOLD: tuple[Preference, ...] = tuple(
    sorted((each for each in PREFERENCES if each.rank is not None), key=lambda each: each.rank or 0)
)
