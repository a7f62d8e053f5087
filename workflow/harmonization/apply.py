"""Putting findings into a chapter's text, and taking one change back, without touching a quotation."""

import dataclasses
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from books.text.citations import find_passages
from chapterflow_site.core.exceptions import Conflict
from workflow.contract.agent_types import SourceChunk

from .locate import CONTEXT, locate, occurrences
from .protection import protected_spans
from .spans import Claims, Span, Spans
from .types import Applied, Edited, Finding, Placed, by_weight

_REFUSALS = {
    "not_found": "These words are no longer in the chapter, so the change was not made.",
    "ambiguous": "These words occur more than once in the chapter, so it is not clear which place is meant.",
    "in_quotation": "These words are part of a quotation from a source, and those are never changed.",
}
_MOVED = "the text at this place is not what it was"
_IN_QUOTATION = "it would change a quotation from a source"
_OVERLAPS = "another change was made at the same place"


def apply_findings(markdown: str, findings: Iterable[Finding], chunks: Sequence[SourceChunk]) -> Applied:
    """Apply the automatic findings; every other one is returned with its place in the new text.

    Applies from the right, only where the text still matches, and only while every quotation stays as it is.
    """
    ordered = list(findings)
    spans = Spans.of(protected_spans(markdown, chunks))
    edits, rejected = _admitted(markdown, ordered, spans)
    text = _edited(markdown, edits)
    if _quotes(text, chunks) != _quotes(markdown, chunks):
        edits, broken = _harmless(markdown, edits, chunks)
        rejected += [(finding, _IN_QUOTATION) for finding in broken]
        text = _edited(markdown, edits)
    moved = _Moves(edits)
    suggested = (_suggested(text, finding, moved) for finding in ordered if not _is_edit(finding))
    return Applied(
        markdown=text,
        applied=tuple(_placed(text, edit, moved) for edit in edits),
        rejected=tuple(rejected),
        suggestions=tuple(placed for placed in suggested if placed),
    )


def _is_edit(finding: Finding) -> bool:
    return finding.automatic and finding.replace is not None


def _admitted(
    markdown: str, findings: Sequence[Finding], spans: Spans
) -> tuple[list[Finding], list[tuple[Finding, str]]]:
    edits: list[Finding] = []
    rejected: list[tuple[Finding, str]] = []
    claims = Claims()
    for finding in sorted(filter(_is_edit, findings), key=by_weight):
        if markdown[finding.start : finding.end] != finding.find or not finding.find:
            rejected.append((finding, _MOVED))
        elif spans.overlaps(finding.start, finding.end):
            rejected.append((finding, _IN_QUOTATION))
        elif not claims.claim(finding.start, finding.end):
            rejected.append((finding, _OVERLAPS))
        else:
            edits.append(finding)
    return sorted(edits, key=lambda finding: finding.start), rejected


def _edited(markdown: str, edits: Iterable[Finding]) -> str:
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += [markdown[at : edit.start], edit.replace or ""]
        at = edit.end
    return "".join([*pieces, markdown[at:]])


def _quotes(markdown: str, chunks: Sequence[SourceChunk]) -> list[tuple[str, str]]:
    passages = find_passages(markdown, {chunk.id: chunk.text for chunk in chunks})
    return [(passage.chunk_id, passage.quote) for passage in passages if passage.quote]


def _harmless(
    markdown: str, edits: Sequence[Finding], chunks: Sequence[SourceChunk]
) -> tuple[list[Finding], list[Finding]]:
    """Keep the edits that leave every quotation as it is, tried one after the other."""
    wanted = _quotes(markdown, chunks)
    kept: list[Finding] = []
    broken: list[Finding] = []
    for edit in edits:
        fits = _quotes(_edited(markdown, [*kept, edit]), chunks) == wanted
        (kept if fits else broken).append(edit)
    return kept, broken


class _Moves:
    """Where an offset of the old text is in the new one; what lies inside an edit moves to its start."""

    def __init__(self, edits: Sequence[Finding]) -> None:
        self._starts = [edit.start for edit in edits]
        self._ends = [edit.end for edit in edits]
        grown = (len(edit.replace or "") - len(edit.find) for edit in edits)
        self._shifts = list(accumulate(grown, initial=0))

    def __call__(self, offset: int) -> int:
        index = bisect_right(self._ends, offset)
        inside = index < len(self._starts) and self._starts[index] < offset
        return (self._starts[index] if inside else offset) + self._shifts[index]


def _placed(text: str, edit: Finding, moved: _Moves) -> Placed:
    offset = moved(edit.start)
    return Placed(edit, offset, *_around(text, offset, len(edit.replace or "")))


def _suggested(text: str, finding: Finding, moved: _Moves) -> Placed | None:
    """Place a suggestion in the new text; None where an edit took away the words that it was about."""
    start, end = moved(finding.start), moved(finding.end)
    now = text[start:end]
    if not now or (finding.replace is not None and now != finding.find):
        return None
    return Placed(dataclasses.replace(finding, find=now), start, *_around(text, start, len(now)))


def _around(text: str, offset: int, length: int) -> tuple[str, str]:
    return text[max(0, offset - CONTEXT) : offset], text[offset + length : offset + length + CONTEXT]


def apply_change(
    markdown: str,
    find: str,
    replace: str,
    offset: int,
    protected: Iterable[Span],
    *,
    before: str = "",
    after: str = "",
) -> Edited:
    """Make one change: at its offset, else where its context stands, else where `find` is the only one.

    Raises Conflict with code "not_found", "ambiguous" or "in_quotation".
    """
    spans = Spans.of(protected)
    at = offset if find and markdown.startswith(find, offset) else None
    if at is None and find and (before or after):
        at = locate(markdown, find, offset, before, after)
    if at is None:
        at = _only_place(markdown, find, spans)
    if spans.overlaps(at, at + len(find)):
        raise _refusal("in_quotation")
    return _replaced(markdown, at, find, replace)


def _only_place(markdown: str, find: str, spans: Spans) -> int:
    places = list(occurrences(markdown, find)) if find else []
    free = [at for at in places if not spans.overlaps(at, at + len(find))]
    if len(free) > 1:
        raise _refusal("ambiguous")
    if not free:
        raise _refusal("in_quotation" if places else "not_found")
    return free[0]


def undo_change(
    markdown: str, find: str, replace: str, offset: int, *, before: str = "", after: str = ""
) -> Edited:
    """Put `find` back where `replace` stands now (or, if that is empty, where its context meets).

    `before` and `after` are what stood around the new text when the change was made: other changes may
    have moved it since. Raises Conflict with code "not_found" or "ambiguous".
    """
    at = locate(markdown, replace, offset, before, after)
    if at is None:
        raise _refusal("ambiguous" if replace and markdown.count(replace) > 1 else "not_found")
    return _replaced(markdown, at, replace, find)


def _replaced(markdown: str, at: int, old: str, new: str) -> Edited:
    text = markdown[:at] + new + markdown[at + len(old) :]
    return Edited(text, at, *_around(text, at, len(new)))


def _refusal(code: str) -> Conflict:
    return Conflict(code, _REFUSALS[code])
