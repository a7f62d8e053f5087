"""Checks across an upload: that every id which is named exists, and that nothing waits for itself."""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import chain
from unicodedata import normalize

from books.storyline.limits import ID_CHARACTERS
from books.storyline.values.document import DEPENDENCY_TYPES
from books.storyline.values.order import circles
from books.storyline.wording import Path, quoted

from .records import Records, Reference

_ALIKE = 60
_CIRCLE_NAMES = 4
_COMPARISONS = 200_000


def check_references(records: Records, known_chunk_ids: Collection[str]) -> None:
    """Note unknown ids, links of a node to itself, and circles."""
    chunk_ids = frozenset(known_chunk_ids).union(records.chunks)
    nearest = _Nearest()
    _check_known(records.chunk_references, "chunk", chunk_ids, records, nearest)
    named = chain(records.dependencies, records.link_ends)
    _check_known(named, "node", records.node_paths.keys(), records, nearest)
    _check_self(records)
    _check_circles(records)


class _Nearest:
    """Looks for the id that somebody may have meant, as long as that stays cheap."""

    def __init__(self) -> None:
        self._left = _COMPARISONS
        self._candidates: dict[str, list[str]] = {}

    def id(self, wrong: str, kind: str, known: Collection[str]) -> str | None:
        """Return the most similar of the known ids, None where none is similar or too many were looked at."""
        candidates = self._candidates.get(kind)
        if candidates is None:
            candidates = sorted(each for each in known if len(each) <= ID_CHARACTERS)
            self._candidates[kind] = candidates
        self._left -= len(candidates)
        if self._left < 0 or len(wrong) > ID_CHARACTERS:
            return None
        # Its import takes longer than reading most storylines; only one with an unknown id should wait for it.
        from rapidfuzz import fuzz, process

        found = process.extractOne(wrong, candidates, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        return found[0] if found else None


def _check_known(
    named: Iterable[Reference], kind: str, known: Collection[str], records: Records, nearest: _Nearest
) -> None:
    for reference in named:
        if reference.named_id not in known:
            sentence = partial(_unknown_sentence, kind, reference, known, nearest)
            records.findings.add(reference.path, f"unknown_{kind}", sentence)


def _unknown_sentence(kind: str, reference: Reference, known: Collection[str], nearest: _Nearest) -> str:
    wrong = reference.named_id
    found = nearest.id(wrong, kind, known)
    # A node that names itself would be the next fault.
    if found and found != reference.node_id:
        return (
            f"No {kind} has the id {quoted(wrong)}. The nearest id is {quoted(found)}.{_alike(wrong, found)}"
        )
    return f"No {kind} has the id {quoted(wrong)}. Correct the id, or remove it."


def _alike(wrong: str, found: str) -> str:
    """Return a sentence for two ids that nobody can tell apart by looking."""
    if normalize("NFKC", wrong) != normalize("NFKC", found):
        return ""
    return " It looks alike, but is written with other characters: copy it."


def _check_self(records: Records) -> None:
    for reference in records.dependencies:
        if reference.named_id == reference.node_id:
            records.findings.add(
                reference.path, "waits_for_itself", "This node waits for itself. Remove its own id."
            )
    for path, link in records.links:
        if link.source_id == link.target_id:
            sentence = partial(_self_sentence, link.source_id)
            records.findings.add(path, "links_to_itself", sentence)


def _self_sentence(node_id: str) -> str:
    return f"This link leads from {quoted(node_id)} to itself. Remove it."


def _check_circles(records: Records) -> None:
    edges = _edges(records)
    dependencies: dict[str, list[str]] = {node.id: [] for node in records.nodes}
    for waiting, awaited in edges:
        dependencies[waiting].append(awaited)
    if not (found := circles(dependencies)):
        return
    place = {node.id: index for index, node in enumerate(records.nodes)}
    titles = {node.id: node.title for node in records.nodes}
    for circle in found:
        last = max(range(len(circle)), key=lambda index: place[circle[index]])
        turned = circle[last:] + circle[:last]
        path = edges[turned[0], turned[1]]
        records.findings.add(path, "circle", _circle_sentence([titles[node_id] for node_id in turned]))


def _edges(records: Records) -> dict[tuple[str, str], Path]:
    """Return the place of each dependency between two nodes that exist, by (who waits, for whom)."""
    found: dict[tuple[str, str], Path] = {}
    for reference in records.dependencies:
        found.setdefault((reference.node_id, reference.named_id), reference.path[:-1])
    for path, link in records.links:
        if link.relationship_type in DEPENDENCY_TYPES:
            found.setdefault((link.target_id, link.source_id), path)
    known = records.node_paths
    return {
        (waiting, awaited): path
        for (waiting, awaited), path in found.items()
        if waiting != awaited and waiting in known and awaited in known
    }


def _circle_sentence(titles: Sequence[str]) -> str:
    shown = [quoted(title) for title in titles[:_CIRCLE_NAMES]]
    left_out = len(titles) - len(shown)
    steps = f"{shown[0]} waits for " + ", which waits for ".join(shown[1:])
    if left_out:
        steps += f", which waits for {left_out:,} more, the last of which"
    else:
        steps += ", which"
    advice = "Remove one of the two." if len(titles) == 2 else "Remove one of these."
    return f"A circle: {steps} waits for {shown[0]}. {advice}"
