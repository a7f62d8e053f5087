"""What the rule-based harmonizer says: rules, findings and the places where findings were applied."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from books.preferences.reading import KeptName
from workflow.contract.agent_types import WrittenChapter

Severity = Literal["info", "minor", "major"]
SEVERITIES: tuple[Severity, ...] = ("info", "minor", "major")


@dataclass(frozen=True)
class Rule:
    """A rule that a person can switch. `automatic` rules may change a text, the others only suggest."""

    key: str
    title: str
    description: str
    automatic: bool
    severity: Severity


@dataclass(frozen=True)
class Finding:
    """One place that a rule found. `start` and `end` are offsets in the chapter's Markdown when it was read.

    `replace` is None where there is nothing to put in its place (look only); `evidence` is plain JSON.
    """

    chapter: int
    rule: str
    find: str
    replace: str | None
    start: int
    end: int
    reason: str
    severity: Severity
    evidence: Mapping[str, object]
    automatic: bool


def by_weight(finding: Finding) -> tuple[int, int, int, str]:
    """Sort key: the more severe first, then the longer, then the earlier."""
    length = finding.end - finding.start
    return -SEVERITIES.index(finding.severity), -length, finding.start, finding.rule


@dataclass(frozen=True)
class HarmonizerTask:
    """The written chapters of a book, and the keys of the rules under which they are compared.

    `titles` are those of all its chapters by number, written or not; `kept_names` the spellings that the person keeps.
    """

    book_id: str
    book_version: str
    chapters: Sequence[WrittenChapter]
    consistency_rules: Collection[str]
    titles: Mapping[int, str] | None = None
    kept_names: Sequence[KeptName] = ()
    task_type: Literal["harmonize_chapters"] = "harmonize_chapters"


@dataclass(frozen=True)
class HarmonizerResult:
    """What the harmonizer would change, by the chapter's number; where `success` is false, `error` says why."""

    changes: Mapping[int, list[Finding]] = field(default_factory=dict)
    success: bool = True
    error: str = ""


@dataclass(frozen=True)
class Placed:
    """A finding's place in the Markdown as it is now: an offset, and the ~40 characters on both sides.

    For an applied finding they surround its `replace`, for any other its `find`.
    """

    finding: Finding
    offset: int
    before: str
    after: str


@dataclass(frozen=True)
class Applied:
    """A chapter after its automatic findings. `suggestions` are left for a person, at their new places."""

    markdown: str
    applied: tuple[Placed, ...]
    rejected: tuple[tuple[Finding, str], ...]
    suggestions: tuple[Placed, ...]


@dataclass(frozen=True)
class Edited:
    """A chapter after one change or its undoing: the place of the new text and what surrounds it."""

    markdown: str
    offset: int
    before: str
    after: str
