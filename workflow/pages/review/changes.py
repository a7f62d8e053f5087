"""Makes the values of the harmonizer's changes for the review page."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import ngettext

from books.models import Book, Chapter
from books.sources import masked
from books.text.citations import citation_marks, unescape_markdown
from books.text.withheld import Withheld
from workflow.agents.orchestrator import harmonizer_models
from workflow.harmonization import RULES
from workflow.harmonization.rules.catalogue import MODEL
from workflow.harmonization.types import Rule
from workflow.models import ChangeStatus, ConsistencyRule, HarmonizationChange, ProcessingSession
from workflow.progress.model_note import verdict_in

# An escaped character, or a mark that formats: where a stretch begins or ends inside of emphasis, half of a pair.
_FORMATTING = re.compile(
    r"(\\.)|^#{1,6}[ \t]+|^>[ \t]?|\*+(?!\s)|(?<!\s)\*+|(?<!\w)_+(?!\s)|(?<!\s)_+(?!\w)", re.MULTILINE
)
_RULES: Mapping[str, Rule] = {rule.key: rule for rule in RULES}
_OTHER_TITLES = {MODEL: "Numbers and dates agree"}


@dataclass(frozen=True)
class ChangeKind:
    """One choice of the review's filter."""

    key: str
    word: str
    icon: str
    tone: str
    statuses: frozenset[ChangeStatus]


EARLIER = ChangeKind(
    "superseded", "Of earlier texts", "back", "pending", frozenset({ChangeStatus.SUPERSEDED})
)
KINDS = (
    ChangeKind("open", "To look at", "review", "in_progress", frozenset({ChangeStatus.APPLIED})),
    ChangeKind("suggested", "Suggestions", "info", "retry", frozenset({ChangeStatus.SUGGESTED})),
    ChangeKind("kept", "Kept", "generated", "generated", frozenset({ChangeStatus.KEPT})),
    ChangeKind("undone", "Undone", "undo", "pending", frozenset({ChangeStatus.UNDONE})),
    ChangeKind(
        "rejected",
        "Not applied",
        "warning",
        "retry",
        frozenset({ChangeStatus.REJECTED, ChangeStatus.DISMISSED}),
    ),
    EARLIER,
)
ALL = ChangeKind("all", "All", "", "", frozenset(ChangeStatus))


@dataclass(frozen=True)
class ShownChange:
    """A change in its surroundings: the words before, out, in, after, without Markdown.

    `is_models`: a language model proposed it; `verdict` is what one said of it. `beside` are the sentences of other
    chapters that it was compared with, each with its chapter's number.
    """

    change: HarmonizationChange
    title: str
    before: str
    find: str
    replace: str
    after: str
    note: str
    kind: ChangeKind
    is_models: bool = False
    verdict: str = ""
    beside: tuple[tuple[int, str], ...] = ()

    @property
    def is_set_aside(self) -> bool:
        """Whether the text is as it was before the harmonizer."""
        return self.change.status in {ChangeStatus.UNDONE, ChangeStatus.REJECTED, ChangeStatus.DISMISSED}

    @property
    def decisions(self) -> list[tuple[str, str, str]]:
        """What can be decided: (decision, word, icon)."""
        can_apply = self.change.replace is not None and not self.change.is_refused
        match ChangeStatus(self.change.status):
            case ChangeStatus.APPLIED:
                return [("keep", "Keep", "generated"), ("undo", "Undo", "undo")]
            case ChangeStatus.KEPT:
                return [("undo", "Undo", "undo")]
            case ChangeStatus.SUGGESTED:
                apply = [("apply", "Apply", "generated")] if can_apply else []
                return [*apply, ("dismiss", "Dismiss", "stop")]
            case ChangeStatus.UNDONE:
                return [("apply", "Apply again", "generated")]
            case ChangeStatus.DISMISSED:
                return [("apply", "Apply after all", "generated")] if can_apply else []
            case ChangeStatus.SUPERSEDED:
                return []
            case _:
                return [("dismiss", "Dismiss", "stop")]


@dataclass(frozen=True)
class RuleSwitch:
    """A rule with what became of it in this book."""

    rule: Rule
    is_enabled: bool
    outcome: str


def kind_of(change: HarmonizationChange) -> ChangeKind:
    """Return under which choice of the filter a change stands."""
    return next(kind for kind in KINDS if change.status in kind.statuses)


def show(change: HarmonizationChange, withheld: Withheld) -> ShownChange:
    """Make a change readable, without what is withheld."""
    change = masked(change, withheld)
    rule = _RULES.get(_rule_behind(change))
    find, replace = _plain(change.find), _plain(change.replace or "")
    if find in {"", replace}:
        # The change is one of the marks themselves.
        find, replace = unescape_markdown(change.find), unescape_markdown(change.replace or "")
    note = change.evidence.get("not_applied") if isinstance(change.evidence, dict) else None
    return ShownChange(
        change=change,
        title=rule.title if rule else _OTHER_TITLES.get(change.rule) or _words(change.rule),
        before=_plain(change.before),
        find=find,
        replace=replace,
        after=_plain(change.after),
        note=note if isinstance(note, str) else "",
        kind=kind_of(change),
        is_models=change.rule == MODEL,
        verdict=verdict_in(change.evidence),
        beside=tuple(_beside(change)),
    )


def _rule_behind(change: HarmonizationChange) -> str:
    """Return the key of the rule that found it: a model's change may be about another rule's finding."""
    if change.rule != MODEL or not isinstance(change.evidence, dict):
        return change.rule
    return str(change.evidence.get("kind") or "")


def _beside(change: HarmonizationChange) -> Iterator[tuple[int, str]]:
    others = change.evidence.get("others") if isinstance(change.evidence, dict) else None
    for other in others if isinstance(others, list) else ():
        number, text = (other.get("chapter"), other.get("text")) if isinstance(other, dict) else (None, None)
        if isinstance(number, int) and isinstance(text, str):
            yield number, _plain(text).strip()


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()


def by_chapter(
    changes: Iterable[HarmonizationChange], withheld: Withheld
) -> list[tuple[Chapter, list[ShownChange]]]:
    """Group changes by their chapters; they come in the order of these."""
    return [
        (chapter, [show(change, withheld) for change in group])
        for chapter, group in groupby(changes, key=lambda change: change.chapter)
    ]


def count_kinds(counts: Mapping[str, int]) -> list[tuple[ChangeKind, int]]:
    """Return the filter's choices with their counts, from the counts by status."""
    has_earlier = counts.get(ChangeStatus.SUPERSEDED, 0) > 0
    kinds = [kind for kind in (*KINDS, ALL) if kind is not EARLIER or has_earlier]
    return [(kind, sum(counts.get(status, 0) for status in kind.statuses)) for kind in kinds]


def count_statuses(session: ProcessingSession) -> Counter[str]:
    """Count the session's changes by status."""
    return Counter(session.changes.order_by().values_list("status", flat=True))


def rule_switches(book: Book, session: ProcessingSession) -> list[RuleSwitch]:
    """Return every rule, whether it is on for `book`, and what it has done in this session.

    The one of the language model is there where one is set, or has been at work.
    """
    off = set(ConsistencyRule.objects.filter(book=book, is_enabled=False).values_list("key", flat=True))
    done: dict[str, Counter[str]] = {}
    for key, status in session.changes.order_by().values_list("rule", "status"):
        done.setdefault(key, Counter())[status] += 1
    rules = [rule for rule in RULES if rule.key != MODEL or MODEL in done or harmonizer_models()]
    return [RuleSwitch(rule, rule.key not in off, _outcome(done.get(rule.key, Counter()))) for rule in rules]


def _outcome(done: Counter[str]) -> str:
    made = done[ChangeStatus.APPLIED] + done[ChangeStatus.KEPT]
    parts = [
        ngettext("%s change", "%s changes", made) % f"{made:,}" if made else "",
        ngettext("%s suggestion", "%s suggestions", done[ChangeStatus.SUGGESTED]) % f"{done['suggested']:,}"
        if done[ChangeStatus.SUGGESTED]
        else "",
        f"{done['undone']:,} undone" if done[ChangeStatus.UNDONE] else "",
        f"{done['rejected']:,} not applied" if done[ChangeStatus.REJECTED] else "",
    ]
    return ", ".join(part for part in parts if part)


def _plain(text: str) -> str:
    """Return a stretch of Markdown without citation marks, formatting and escapes."""
    for start, end, _ in reversed(list(citation_marks(text))):
        text = text[:start] + text[end:]
    return unescape_markdown(_FORMATTING.sub(lambda found: found[1] or "", text))
