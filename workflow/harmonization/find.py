"""Two linear passes over a book: facts of each chapter by itself, then findings by comparing the facts."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from books.preferences.reading import KeptName
from workflow.contract.agent_types import WrittenChapter

from .facts import Book, ChapterFacts, ChapterText
from .protection import protected_spans
from .rules import (
    chapter_references,
    dashes,
    doubled_words,
    headings,
    name_variants,
    placeholders,
    quotation_marks,
    repeated_sentences,
)
from .rules.catalogue import (
    CHAPTER_REFERENCES,
    DASHES,
    HEADINGS,
    NAME_VARIANTS,
    QUOTATION_MARKS,
    REPEATED_SENTENCES,
    RULE_KEYS,
)
from .spans import Claims, Spans
from .types import Finding, by_weight

_BOOK_RULES: Mapping[str, Callable[[Book], Iterator[Finding]]] = {
    QUOTATION_MARKS: quotation_marks.find,
    DASHES: dashes.find,
    HEADINGS: headings.find,
    CHAPTER_REFERENCES: chapter_references.find,
    NAME_VARIANTS: name_variants.find,
    REPEATED_SENTENCES: repeated_sentences.find,
}


def facts_of(chapter: WrittenChapter) -> ChapterFacts:
    """Read what the rules need to know of one chapter. Can be stored (pickled) and compared later."""
    protected = Spans.of(protected_spans(chapter.markdown, chapter.chunks))
    text = ChapterText(chapter.number, chapter.title, chapter.markdown, protected)
    names = name_variants.read(text, chapter)
    return ChapterFacts(
        number=chapter.number,
        title=chapter.title,
        own_findings=(*placeholders.find_in(text), *doubled_words.find_in(text)),
        quotation_marks=quotation_marks.read(text),
        dashes=dashes.read(text),
        headings=headings.read(text),
        references=chapter_references.read(text),
        names=names.counts,
        name_places=names.places,
        source_names=names.in_sources,
        lower_elsewhere=names.lower_elsewhere,
        sentences=repeated_sentences.read(text),
    )


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
    facts: Iterable[ChapterFacts],
    *,
    enabled: Collection[str] = RULE_KEYS,
    titles: Mapping[int, str] | None = None,
    ignored_names: Collection[str] = (),
    kept_names: Sequence[KeptName] = (),
) -> dict[int, list[Finding]]:
    """The second pass of `find_all`, for facts that were kept."""
    ordered = tuple(sorted(facts, key=lambda chapter: chapter.number))
    known_titles = titles if titles is not None else {chapter.number: chapter.title for chapter in ordered}
    book = Book(ordered, known_titles, frozenset(ignored_names), tuple(kept_names))
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for chapter in ordered:
        found[chapter.number] += [finding for finding in chapter.own_findings if finding.rule in enabled]
    for rule, find in _BOOK_RULES.items():
        if rule in enabled:
            for finding in find(book):
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
    small = [edit for edit in edits if edit.rule in (QUOTATION_MARKS, DASHES)]
    return [_fold(edit, small) if edit.rule == HEADINGS and edit.replace else edit for edit in edits]


def _fold(edit: Finding, small: Iterable[Finding]) -> Finding:
    inner = [other for other in small if edit.start <= other.start and other.end <= edit.end]
    text = edit.replace or ""
    for other in sorted(inner, key=lambda finding: -finding.start):
        at = other.start - edit.start
        text = text[:at] + (other.replace or "") + text[at + len(other.find) :]
    return replace(edit, replace=text) if inner else edit
