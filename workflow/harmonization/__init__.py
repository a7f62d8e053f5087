"""The rule-based harmonizer: finds where chapters disagree, and edits them. Pure: no Django, no database."""

from workflow.harmonization.apply import apply_change, apply_findings, undo_change
from workflow.harmonization.facts import ChapterFacts
from workflow.harmonization.find import compare, facts_of, find_all
from workflow.harmonization.protection import protected_spans
from workflow.harmonization.rules.catalogue import RULE_KEYS, RULES
from workflow.harmonization.types import Applied, Edited, Finding, Placed, Rule, Severity

__all__ = [
    "RULES",
    "RULE_KEYS",
    "Applied",
    "ChapterFacts",
    "Edited",
    "Finding",
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
