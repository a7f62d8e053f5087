"""Faults in a storyline, from the finding of one to the list that a person reads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from books.exceptions import Invalid

from .positions import Position, positions
from .wording import Path, place_of

MOST_FAULTS = 100


@dataclass(frozen=True)
class Fault:
    """One thing to correct: where (`place`, and line and column from 1 where there is a text), what, and how."""

    place: str
    message: str
    line: int | None
    code: str
    column: int | None = None


class StorylineFaults(Invalid):
    """The storyline cannot be used; `faults` says why, in the text's order."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        where = f"{first.place}: " if first.place else ""
        super().__init__("storyline_faults", f"The storyline was not taken. {where}{first.message}")
        self.faults = list(faults)


@dataclass(frozen=True)
class _Finding:
    path: Path
    code: str
    sentence: str
    first: Path | None


@dataclass
class Findings:
    """Collects what is wrong: the first hundred whole, the others as a count."""

    kept: list[_Finding] = field(default_factory=list)
    more: int = 0
    _seen: set[tuple[Path, str]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.kept)

    def add(self, path: Path, code: str, sentence: str | Callable[[], str], *, first: Path | None = None) -> None:
        """Note a fault once per place and code.

        `first` is an earlier place that the sentence ends with ("; the first is in line 61."). A sentence
        that is slow to make comes as a function, called only if the fault is listed.
        """
        if (path, code) in self._seen:
            return
        if len(self.kept) >= MOST_FAULTS:
            self.more += 1
            return
        self._seen.add((path, code))
        text = sentence if isinstance(sentence, str) else sentence()
        self.kept.append(_Finding(path, code, text, first))

    def faults(self, text: str | None = None, *, plain_list: bool = False) -> list[Fault]:
        """Return the faults; with their lines and in its order where there is a `text`.

        `plain_list`: the text is the list of nodes itself, so its paths begin one step later.
        """
        start = 1 if plain_list else 0
        found = positions(text, _paths(self.kept, start)) if text is not None else {}
        where = {finding: found.get(finding.path[start:]) for finding in self.kept}
        if found:
            self.kept.sort(key=lambda finding: where[finding] or Position(0, 1, 1))
        listed = [_fault(finding, where[finding], _first(finding, found, start)) for finding in self.kept]
        return listed + self._closing()

    def _closing(self) -> list[Fault]:
        if not self.more:
            return []
        others = "1 more fault is" if self.more == 1 else f"{self.more:,} more faults are"
        return [Fault("", f"{others} not listed. Correct these first, then upload again.", None, "more_faults")]


def _paths(findings: Iterable[_Finding], start: int) -> list[Path]:
    return [path[start:] for finding in findings for path in (finding.path, finding.first) if path is not None]


def _first(finding: _Finding, found: dict[Path, Position], start: int) -> str:
    if finding.first is None:
        return ""
    position = found.get(finding.first[start:])
    return f"; the first is in line {position.line}." if position else f"; the first is {place_of(finding.first)}."


def _fault(finding: _Finding, position: Position | None, ending: str) -> Fault:
    line, column = (position.line, position.column) if position else (None, None)
    return Fault(place_of(finding.path), finding.sentence + ending, line, finding.code, column)
