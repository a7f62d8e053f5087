"""The cases that a language model may judge: what the rules only suggest, and statements that do not fit together."""

import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from books.text.sentences import sentence_spans
from workflow.contract.agent_types import WrittenChapter

from .protection import protected_spans
from .rules import name_variants, repeated_sentences
from .spans import Span, Spans
from .statements import Conflict, Statement, find_conflicts, read_statements, said_in
from .types import SEVERITIES, Finding

FACTS = "facts"
MOST_CASES = 400
MOST_FACTS = 200
MOST_PER_CHAPTER = 6
LONGEST_SENTENCE = 600


@dataclass(frozen=True)
class Side:
    """A sentence of a chapter, markdown[start:end], with one neighbour on each side, markdown[first:last].

    `source` is what the chapter's own source says of it, where there is such a sentence.
    """

    chapter: int
    start: int
    end: int
    first: int
    last: int
    text: str
    before: str = ""
    after: str = ""
    source: str = ""


@dataclass(frozen=True)
class Case:
    """Something to judge. `kind` is the rule's key, or "facts"; `told` says in words what was found."""

    kind: str
    told: str
    sides: tuple[Side, ...]
    finding: Finding | None = None

    @property
    def key(self) -> str:
        """The same for the same case of the same texts."""
        parts = [self.kind, self.told]
        parts += [
            f"{side.chapter}\x1f{side.start}\x1f{side.before}{side.text}{side.after}" for side in self.sides
        ]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:32]

    def sides_in(self, chapter: int) -> list[Side]:
        """Return what the case shows of a chapter."""
        return [side for side in self.sides if side.chapter == chapter]


@dataclass(frozen=True)
class Cases:
    """The cases that are worth judging, the most severe first; `left_out` counts those beyond the limits."""

    cases: tuple[Case, ...] = ()
    left_out: int = 0


def collect_cases(chapters: Sequence[WrittenChapter], found: Mapping[int, Sequence[Finding]]) -> Cases:
    """Return at most six cases a chapter and 400 a book: statements that conflict, then what the rules suggest.

    Conflicts are at most 200, the most alike first: in a long book they would leave no room for anything else.
    """
    texts = {chapter.number: _Text(chapter) for chapter in chapters}
    suggested = sorted(_from_findings(texts, found), key=lambda case: (_rank(case), _place(case)))
    ranked = [*_from_facts(texts), *suggested]
    taken: list[Case] = []
    by_chapter: Counter[int] = Counter()
    for case in ranked:
        chapter = case.sides[0].chapter
        if len(taken) < MOST_CASES and by_chapter[chapter] < MOST_PER_CHAPTER:
            taken.append(case)
            by_chapter[chapter] += 1
    return Cases(tuple(taken), len(ranked) - len(taken))


def _rank(case: Case) -> int:
    return -SEVERITIES.index(case.finding.severity) if case.finding else 0


def _place(case: Case) -> tuple[int, int]:
    return case.sides[0].chapter, case.sides[0].start


@dataclass(frozen=True)
class _Text:
    """A chapter, with its paragraphs cut into sentences once."""

    chapter: WrittenChapter
    _sentences: dict[int, list[Span]] = field(default_factory=dict)

    def side(self, start: int, source: str = "") -> Side | None:
        """Return the sentence at an offset; None where it is a heading, or too long to be shown whole."""
        markdown = self.chapter.markdown
        spans = self._paragraph(start)
        at = bisect_right(spans, start, key=lambda span: span[0]) - 1
        if at < 0 or spans[at][1] - spans[at][0] > LONGEST_SENTENCE:
            return None
        first, last = spans[at]
        before = spans[at - 1] if at else (first, first)
        after = spans[at + 1] if at + 1 < len(spans) else (last, last)
        if before[1] - before[0] > LONGEST_SENTENCE:
            before = (first, first)
        if after[1] - after[0] > LONGEST_SENTENCE:
            after = (last, last)
        return Side(
            chapter=self.chapter.number,
            start=first,
            end=last,
            first=before[0],
            last=after[1],
            text=markdown[first:last],
            before=markdown[before[0] : before[1]],
            after=markdown[after[0] : after[1]],
            source=source,
        )

    def _paragraph(self, at: int) -> list[Span]:
        """Return the sentences of the paragraph around an offset; none of a heading."""
        markdown = self.chapter.markdown
        gap = markdown.rfind("\n\n", 0, at)
        start = gap + 2 if gap >= 0 else 0
        end = markdown.find("\n\n", at)
        if start not in self._sentences:
            stop = len(markdown) if end < 0 else end
            is_heading = markdown[start:stop].lstrip().startswith("#")
            self._sentences[start] = [] if is_heading else list(sentence_spans(markdown, start, stop))
        return self._sentences[start]


def _from_facts(texts: Mapping[int, _Text]) -> Iterator[Case]:
    statements: list[Statement] = []
    for number in sorted(texts):
        chapter = texts[number].chapter
        spans = Spans.of(protected_spans(chapter.markdown, chapter.chunks))
        statements += read_statements(number, chapter.markdown, spans)
    likely = sorted(find_conflicts(statements), key=lambda conflict: -conflict.likeness)
    for conflict in likely[:MOST_FACTS]:
        sides = [
            texts[each.chapter].side(each.start, _source_of(each, conflict.unit, texts[each.chapter].chapter))
            for each in (conflict.other, conflict.one)
        ]
        shown = tuple(side for side in sides if side is not None)
        if len(shown) == len(sides):
            yield Case(FACTS, _told(conflict), shown)


def _told(conflict: Conflict) -> str:
    one, other = (
        " and ".join(sorted(each.numbers[conflict.unit])) for each in (conflict.one, conflict.other)
    )
    what = "the year" if conflict.unit == "year" else f"the number of “{conflict.unit}”"
    return (
        f"Chapter {conflict.one.chapter} gives {what} as {one}, chapter {conflict.other.chapter} as {other}."
    )


def _source_of(statement: Statement, unit: str, chapter: WrittenChapter) -> str:
    """Return the sentence of the chapter's sources that says most of the same, if one has a number of this unit."""
    best, most = "", 1
    for chunk in chapter.chunks:
        for said in said_in(chunk.text):
            shared = len(said.words & statement.words)
            if unit in said.numbers and shared > most:
                best, most = said.text, shared
    return best


def _from_findings(texts: Mapping[int, _Text], found: Mapping[int, Sequence[Finding]]) -> Iterator[Case]:
    usual = _Usual(texts)
    for number in sorted(found):
        for finding in found[number]:
            side = None if finding.automatic else texts[number].side(finding.start)
            if side is not None:
                others = _others(finding, texts, usual)
                yield Case(finding.rule, finding.reason, (side, *others), finding)


def _others(finding: Finding, texts: Mapping[int, _Text], usual: "_Usual") -> Iterable[Side]:
    if finding.rule == name_variants.RULE.key and finding.replace:
        return usual.sides(finding.replace, finding.chapter)
    if finding.rule == repeated_sentences.RULE.key:
        chapter, text = finding.evidence.get("chapter"), finding.evidence.get("text")
        if isinstance(chapter, int) and isinstance(text, str) and chapter in texts:
            side = texts[chapter].side(texts[chapter].chapter.markdown.find(text))
            return [side] if side else []
    return []


class _Usual:
    """Where the usual spellings of names stand, looked for once each."""

    def __init__(self, texts: Mapping[int, _Text]) -> None:
        self._texts = texts
        self._found: dict[str, tuple[Side, ...]] = {}

    def sides(self, name: str, but: int) -> list[Side]:
        """Return a sentence of another chapter that has the name."""
        if name not in self._found:
            self._found[name] = tuple(self._look(name))
        return [side for side in self._found[name] if side.chapter != but][:1]

    def _look(self, name: str) -> Iterator[Side]:
        seen = 0
        for number in sorted(self._texts):
            at = self._texts[number].chapter.markdown.find(name)
            side = self._texts[number].side(at) if at >= 0 else None
            if side is not None:
                yield side
                seen += 1
            if seen == 2:
                return
