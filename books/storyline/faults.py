"""Faults in a storyline, from the finding of one to the list that a person reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chapterflow_site.core.exceptions import Invalid

from .source.encoding import TextFault
from .source.parsed import Locate
from .source.positions import Position, positions_at
from .wording import Path, place_of

if TYPE_CHECKING:
    from .listing import ListingLine

MOST_FAULTS = 100
# Nobody is helped by an exact count of more, and each one takes time.
_MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Fault:
    """One thing to correct: where (line and column from 1, where there is a text), what, and how."""

    place: str
    message: str
    line: int | None
    code: str
    column: int | None = None


class StorylineFaults(Invalid):
    """The storyline cannot be used; `faults` says why, in the text's order, `lines` are the text around them."""

    def __init__(self, faults: Sequence[Fault], lines: "Sequence[ListingLine]" = ()) -> None:
        first = faults[0]
        where = f"{first.place}: " if first.place else ""
        super().__init__("storyline_faults", f"The storyline was not taken. {where}{first.message}")
        self.faults = list(faults)
        self.lines = list(lines)


@dataclass(frozen=True)
class _Finding:
    path: Path
    code: str
    sentence: str
    first: Path | None


class TooManyFaults(Exception):
    """So much is wrong that reading on is of no use."""


@dataclass
class Findings:
    """Collects what is wrong: the first hundred whole, the others as a count."""

    kept: list[_Finding] = field(default_factory=list)
    more: int = 0
    _seen: set[Path] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.kept)

    def add(
        self, path: Path, code: str, sentence: str | Callable[[], str], *, first: Path | None = None
    ) -> None:
        """Note a fault; of several at one place the first.

        `first` is an earlier place that the sentence ends with ("; the first is in line 61."). A sentence
        that is slow to make comes as a function, called only if the fault is listed. Raises TooManyFaults.
        """
        if path in self._seen:
            return
        if len(self.kept) >= MOST_FAULTS:
            self.more += 1
            if self.more >= _MOST_COUNTED:
                raise TooManyFaults
            return
        self._seen.add(path)
        text = sentence if isinstance(sentence, str) else sentence()
        self.kept.append(_Finding(path, code, text, first))

    def faults(self, locate: Locate | None = None) -> list[Fault]:
        """Return the faults; where `locate` finds their positions, with lines and in the text's order."""
        found = locate(_paths(self.kept)) if locate else {}
        in_order = sorted(self.kept, key=lambda finding: found[finding.path]) if found else self.kept
        return [_fault(finding, found) for finding in in_order] + self._closing()

    def _closing(self) -> list[Fault]:
        if not self.more:
            return []
        others = "1 more fault is" if self.more == 1 else f"{self.more:,} more faults are"
        if self.more >= _MOST_COUNTED:
            others = f"More than {_MOST_COUNTED:,} others are"
        return [
            Fault("", f"{others} not listed. Correct these first, then upload again.", None, "more_faults")
        ]


def _paths(findings: Iterable[_Finding]) -> list[Path]:
    return [path for finding in findings for path in (finding.path, finding.first) if path is not None]


def _fault(finding: _Finding, found: Mapping[Path, Position]) -> Fault:
    position = found.get(finding.path)
    line, column = (position.line, position.column) if position else (None, None)
    return Fault(
        place_of(finding.path), finding.sentence + _first(finding, found), line, finding.code, column
    )


def _first(finding: _Finding, found: Mapping[Path, Position]) -> str:
    if finding.first is None:
        return ""
    first, own = found.get(finding.first), found.get(finding.path)
    if first is None or own is None or first.line == own.line:
        return f"; the first is {place_of(finding.first)}."
    return f"; the first is in line {first.line}."


def text_fault(error: TextFault) -> Fault:
    """Return the fault of an upload that cannot be read at all."""
    if error.text is None:
        return Fault("", str(error), None, error.code)
    position = next(positions_at(error.text, [error.offset]))
    place = f"line {position.line}, column {position.column}"
    return Fault(place, str(error), position.line, error.code, position.column)
