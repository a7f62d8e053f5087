"""Two linear passes over a book: facts of each chapter by itself, then findings by comparing the facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from books.preferences.reading import KeptName
from workflow.contract.agent_types import WrittenChapter

from .facts import BookFacts, ChapterFacts, ChapterText
from .protection import protected_spans
from .rules import dashes, headings, quotation_marks
from .rules.catalogue import RULE_KEYS, RULE_MODULES
from .spans import Claims, Spans
from .types import Finding, by_weight

# What each rule has read of a chapter, by its key.
FactsByRule = Mapping[str, object]
_SMALL = frozenset({quotation_marks.RULE.key, dashes.RULE.key})


def facts_of(chapter: WrittenChapter) -> ChapterFacts[FactsByRule]:
    """Read what the rules need to know of one chapter. Can be stored (pickled) and compared later."""
    protected = Spans.of(protected_spans(chapter.markdown, chapter.chunks))
    text = ChapterText(chapter.number, chapter.title, chapter.markdown, protected, chapter.chunks)
    read = {module.rule.key: module.read(text) for module in RULE_MODULES}
    return ChapterFacts(chapter.number, chapter.title, read)


def find_all(
    chapters: Iterable[WrittenChapter],
    *,
    enabled: Collection[str] = RULE_KEYS,
    titles: Mapping[int, str] | None = None,
    ignored_names: Collection[str] = (),
    kept_names: Sequence[KeptName] = (),
) -> dict[int, list[Finding]]:
    """Return each chapter's findings under the enabled rules, in order of place, no two edits on one span.

    `titles` are those of all chapters of the book, by number, where some of them are not written (by
    default, those of `chapters`); `ignored_names` are spellings to leave alone, `kept_names`
    those that the person keeps: every other spelling of them is one to correct.
    """
    facts = [facts_of(chapter) for chapter in chapters]
    return compare(facts, enabled=enabled, titles=titles, ignored_names=ignored_names, kept_names=kept_names)


def compare(
    facts: Iterable[ChapterFacts[FactsByRule]],
    *,
    enabled: Collection[str] = RULE_KEYS,
    titles: Mapping[int, str] | None = None,
    ignored_names: Collection[str] = (),
    kept_names: Sequence[KeptName] = (),
) -> dict[int, list[Finding]]:
    """The second pass of `find_all`, for facts that were kept."""
    ordered = tuple(sorted(facts, key=lambda chapter: chapter.number))
    known_titles = titles if titles is not None else {chapter.number: chapter.title for chapter in ordered}
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for module in RULE_MODULES:
        key = module.rule.key
        if key in enabled:
            read = tuple(ChapterFacts(each.number, each.title, each.facts[key]) for each in ordered)
            book = BookFacts(read, known_titles, frozenset(ignored_names), tuple(kept_names))
            for finding in module.find(book):
                found[finding.chapter].append(finding)
    return {number: _resolved(findings) for number, findings in found.items() if findings}


def _resolved(findings: list[Finding]) -> list[Finding]:
    """Let the more severe, then the longer, of overlapping edits win; what is only to look at may overlap."""
    edits = [finding for finding in findings if finding.replace is not None]
    kept = [finding for finding in findings if finding.replace is None]
    claims = Claims()
    taken = [f for f in sorted(_folded(edits), key=by_weight) if claims.claim(f.start, f.end)]
    return sorted([*taken, *kept], key=lambda finding: (finding.start, finding.end, finding.rule))


def _folded(edits: list[Finding]) -> list[Finding]:
    """Put the small edits inside a heading into the edit of its capitals, which would displace them."""
    small = [edit for edit in edits if edit.rule in _SMALL]
    return [_fold(edit, small) if edit.rule == headings.RULE.key and edit.replace else edit for edit in edits]


def _fold(edit: Finding, small: Iterable[Finding]) -> Finding:
    inner = [other for other in small if edit.start <= other.start and other.end <= edit.end]
    text = edit.replace or ""
    for other in sorted(inner, key=lambda finding: -finding.start):
        at = other.start - edit.start
        text = text[:at] + (other.replace or "") + text[at + len(other.find) :]
    return replace(edit, replace=text) if inner else edit
