"""Puts a language model's opinions together with what the rules found: one list of findings for each chapter."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workflow.contract.agent_types import WrittenChapter

from .cases import FACTS, Case
from .facts import ChapterText
from .opinions import Opinion
from .proposals import Checker, Refused
from .protection import protected_spans
from .rules.catalogue import MODEL
from .spans import Spans
from .types import Finding

Found = Mapping[int, Sequence[Finding]]


@dataclass(frozen=True)
class Judged:
    """The findings of the rules and the model, and the model's proposals that were refused, with the reason."""

    found: Found
    refused: Mapping[int, Sequence[tuple[Finding, str]]]


def put_together(
    chapters: Iterable[WrittenChapter],
    found: Found,
    opinions: Iterable[tuple[Case, Opinion]],
    *,
    asked: str,
    instructions: str = "",
) -> Judged:
    """Return the rules' findings with the model's; `asked` names the model, `instructions` are what it was told.

    A proposal takes the place of the suggestion that it is about; every other suggestion keeps the verdict on it.
    """
    checkers = _Checkers({chapter.number: chapter for chapter in chapters}, instructions)
    kept: defaultdict[int, list[Finding]] = defaultdict(list, {n: list(each) for n, each in found.items()})
    refused: defaultdict[int, list[tuple[Finding, str]]] = defaultdict(list)
    for case, opinion in opinions:
        for result in _results(case, opinion, checkers):
            if isinstance(result, Refused):
                refused[result.finding.chapter].append((_signed(result.finding, asked), result.why))
            else:
                _drop(kept, case.finding, result)
                kept[result.chapter].append(_signed(result, asked))
        _note(kept, case.finding, opinion, asked)
    ordered = {number: sorted(each, key=lambda finding: finding.start) for number, each in kept.items()}
    return Judged(ordered, refused)


class _Checkers:
    """One checker for each chapter that a proposal is about, made when it is needed."""

    def __init__(self, chapters: Mapping[int, WrittenChapter], instructions: str) -> None:
        self._chapters = chapters
        self._instructions = instructions
        self._made: dict[int, Checker] = {}

    def __getitem__(self, number: int) -> Checker:
        if number not in self._made:
            chapter = self._chapters[number]
            spans = Spans.of(protected_spans(chapter.markdown, chapter.chunks))
            text = ChapterText(number, chapter.title, chapter.markdown, spans)
            self._made[number] = Checker(text, chapter.chunks, self._instructions)
        return self._made[number]


def _results(case: Case, opinion: Opinion, checkers: _Checkers) -> Iterator[Finding | Refused]:
    """Yield what comes of an opinion; a proposal for a chapter that the case does not show is dropped."""
    proposal = opinion.proposal
    checked = None
    if proposal and opinion.verdict in {"same", "contradiction"} and case.sides_in(proposal.chapter):
        checked = checkers[proposal.chapter].check(proposal, case)
        if checked is not None:
            yield checked
    if case.kind == FACTS and opinion.verdict == "contradiction" and not isinstance(checked, Finding):
        yield _pointer(case)


def _pointer(case: Case) -> Finding:
    """Return a finding to look at: the model sees a contradiction, and nothing that could be put there by itself."""
    side, other = case.sides
    return Finding(
        chapter=side.chapter,
        rule=MODEL,
        find=side.text,
        replace=None,
        start=side.start,
        end=side.end,
        reason=case.told,
        severity="minor",
        evidence={"kind": case.kind, "others": [{"chapter": other.chapter, "text": other.text}]},
        automatic=False,
    )


def _signed(finding: Finding, asked: str) -> Finding:
    return replace(finding, evidence={**finding.evidence, "asked": asked})


def _drop(kept: dict[int, list[Finding]], about: Finding | None, result: Finding) -> None:
    """Take out the suggestion that the model's proposal is about, where it stands in the same place."""
    if about is None or result.chapter != about.chapter:
        return
    if result.start < about.end and about.start < result.end:
        kept[about.chapter] = [each for each in kept[about.chapter] if each is not about]


def _note(kept: dict[int, list[Finding]], about: Finding | None, opinion: Opinion, asked: str) -> None:
    if about is None or opinion.verdict is None:
        return
    noted = replace(about, evidence={**about.evidence, "model": {"verdict": opinion.verdict, "asked": asked}})
    kept[about.chapter] = [noted if each is about else each for each in kept[about.chapter]]
