"""The rule-based harmonizer: finds where chapters disagree, and edits them. Pure: no Django, no database."""

from .apply import apply_change, apply_findings, undo_change
from .facts import ChapterFacts
from .find import compare, facts_of, find_all
from .protection import protected_spans
from .rules.catalogue import RULE_KEYS, RULES
from .types import Applied, Edited, Finding, HarmonizerResult, HarmonizerTask, Placed, Rule, Severity

__all__ = [
    "RULES",
    "RULE_KEYS",
    "Applied",
    "ChapterFacts",
    "Edited",
    "Finding",
    "HarmonizerResult",
    "HarmonizerTask",
    "Placed",
    "Rule",
    "Severity",
    "apply_change",
    "apply_findings",
    "compare",
    "facts_of",
    "find_all",
    "protected_spans",
    "undo_change",
]
