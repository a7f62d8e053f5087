"""The catalogue of rules: what each is called, what it does, and whether it may change a text by itself."""

from workflow.harmonization.types import Rule

QUOTATION_MARKS = "quotation_marks"
DASHES = "dashes"
HEADINGS = "headings"
PLACEHOLDERS = "placeholders"
CHAPTER_REFERENCES = "chapter_references"
NAME_VARIANTS = "name_variants"
REPEATED_SENTENCES = "repeated_sentences"
DOUBLED_WORDS = "doubled_words"
MODEL = "model"

RULES: tuple[Rule, ...] = (
    Rule(
        MODEL,
        "A language model compares the chapters",
        "A language model looks at sentences of different chapters that do not fit together, and at what the other "
        "rules only point out. Its changes are made by themselves only where the chapter’s sources decide; all others "
        "are suggestions.",
        True,
        "minor",
    ),
    Rule(
        CHAPTER_REFERENCES,
        "Chapter numbers are right",
        "Where a chapter is named with its title, its number is made to fit. "
        "A number that the book does not have is pointed out.",
        True,
        "major",
    ),
    Rule(
        PLACEHOLDERS,
        "Nothing unfinished is left in",
        "Notes such as “TODO” or “[insert date]” and remarks of a language model about itself are taken out. "
        "Where that would break a sentence, it is only pointed out.",
        True,
        "major",
    ),
    Rule(
        NAME_VARIANTS,
        "Names are spelled the same",
        "A name that is almost always spelled in one way, and here in another, is pointed out.",
        False,
        "minor",
    ),
    Rule(
        DOUBLED_WORDS,
        "No word stands twice",
        "A word that stands twice in a row, as in “the the”, is pointed out.",
        False,
        "minor",
    ),
    Rule(
        REPEATED_SENTENCES,
        "Things are told once",
        "Sentences that two chapters have in almost the same words are pointed out.",
        False,
        "info",
    ),
    Rule(
        HEADINGS,
        "Headings look the same",
        "Headings get the right level, no full stop at their end, and the capitals that most of them have.",
        True,
        "minor",
    ),
    Rule(
        QUOTATION_MARKS,
        "Quotation marks are the same",
        "Quotation marks and apostrophes are all curly or all straight, as in most of the book.",
        True,
        "info",
    ),
    Rule(
        DASHES,
        "Dashes are the same",
        "Dashes between words are all written as in most of the book. Ranges of numbers are left alone.",
        True,
        "info",
    ),
)

RULE_KEYS: frozenset[str] = frozenset(rule.key for rule in RULES)
