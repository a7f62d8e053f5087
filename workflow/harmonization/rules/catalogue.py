"""The rules of the harmonizer. A new one is a module here, with what a person sees of it, and a line in this list."""

from typing import Any

from workflow.harmonization.facts import RuleModule, each_by_itself
from workflow.harmonization.types import Rule

from . import (
    chapter_references,
    dashes,
    doubled_words,
    headings,
    name_variants,
    placeholders,
    quotation_marks,
    repeated_sentences,
)

MODEL = "model"
# No module: a language model follows it, where one is configured.
_OF_MODEL = Rule(
    MODEL,
    "A language model compares the chapters",
    "A language model looks at sentences of different chapters that do not fit together, and at what the other "
    "rules only point out. Its changes are made by themselves only where the chapter’s sources decide; all others "
    "are suggestions.",
    True,
    "minor",
)

# As people see them, and as their findings are put together.
RULE_MODULES: tuple[RuleModule[Any], ...] = (
    RuleModule(chapter_references.RULE, chapter_references.read, chapter_references.find),
    RuleModule(placeholders.RULE, placeholders.read, each_by_itself),
    RuleModule(name_variants.RULE, name_variants.read, name_variants.find),
    RuleModule(doubled_words.RULE, doubled_words.read, each_by_itself),
    RuleModule(repeated_sentences.RULE, repeated_sentences.read, repeated_sentences.find),
    RuleModule(headings.RULE, headings.read, headings.find),
    RuleModule(quotation_marks.RULE, quotation_marks.read, quotation_marks.find),
    RuleModule(dashes.RULE, dashes.read, dashes.find),
)
RULES: tuple[Rule, ...] = (_OF_MODEL, *(module.rule for module in RULE_MODULES))
RULE_KEYS: frozenset[str] = frozenset(rule.key for rule in RULES)
