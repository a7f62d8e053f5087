"""Which keys of an upload nobody read, or read as something else, and what a person is told of them."""

from collections.abc import Iterator

from books.storyline.names import DOCUMENT, NODE, Kind, spelled
from books.storyline.values.document import READ_AS, Notice
from books.storyline.wording import quoted

_MOST_KEYS = 500
_MOST_NOTICES = 30
# What graph programs write for themselves; a person has no use for a word about it.
_BOOKKEEPING = frozenset({"directed", "multigraph", "graph", "key", "group", "labels", "id", "type"})
# What a link's or a node's type may say without saying anything.
NO_TYPES = frozenset(
    {"node", "nodes", "edges", "relationship", "edge", "link", "directed", "undirected", "mixed", ""}
)


class Unread:
    """Counts unread keys by the kind of object that they stand in."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._kinds: dict[str, Kind] = {}
        self._others = 0

    def add(self, kind: Kind, key: str, value: object) -> None:
        """Count a key that was not read."""
        if _is_bookkeeping(key, value):
            return
        counted = (kind.plural, key)
        if counted not in self._counts and len(self._counts) >= _MOST_KEYS:
            self._others += 1
            return
        self._kinds[kind.plural] = kind
        self._counts[counted] = self._counts.get(counted, 0) + 1

    def notices(self) -> Iterator[Notice]:
        """Yield a notice for each key, the most frequent first; the last counts those that are not named."""
        ordered = sorted(self._counts.items(), key=lambda each: -each[1])
        for (plural, key), count in ordered[:_MOST_NOTICES]:
            yield Notice("not_read", plural, self._sentence(self._kinds[plural], key, count))
        left = len(ordered) - _MOST_NOTICES
        if left > 0 or self._others:
            more = "More keys are" if self._others or left > 1 else "1 more key is"
            yield Notice("not_read", "", f"{more} not read, and not listed here.")

    def _sentence(self, kind: Kind, key: str, count: int) -> str:
        where = f"in {count:,} {kind.plural}" if kind.plural in _COUNTED else f"of {kind.plural}"
        if count == 1 and kind.plural in _COUNTED:
            where = f"in 1 of the {kind.plural}"
        nearest = kind.nearest(key)
        meant = f" Did you mean “{nearest}”?" if nearest else _elsewhere(kind, key)
        return f"{quoted(key)} {where} is kept, but not read.{meant}"


class Renamed:
    """Collects keys that were read under another name, by the kind of object that they stand in."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}

    def add(self, kind: Kind, key: str, name: str) -> None:
        """Remember that a key was read as the storyline's own `name`.

        The same in other letters is no other name, and what names a node cannot be taken for anything else.
        """
        names = self._names.setdefault(kind.plural, {})
        if key not in names and len(names) < _MOST_KEYS:
            names[key] = "" if spelled(key) == name or name in _ENDS else name

    def notices(self) -> Iterator[Notice]:
        """Yield a notice for each kind of object."""
        for plural, names in self._names.items():
            told = [f"{quoted(key)} is read as “{name}”" for key, name in names.items() if name]
            if len(told) > _MOST_NOTICES:
                told = [
                    *told[:_MOST_NOTICES],
                    f"{len(told) - _MOST_NOTICES:,} more keys have other names, too",
                ]
            if told:
                place = plural if plural.startswith("the ") else f"the {plural}"
                yield Notice(READ_AS, plural, f"In {place}, {', '.join(told)}.")


_ENDS = frozenset({"id", "source_id", "target_id"})
_COUNTED = frozenset({"chunks", "nodes", "links", "related nodes"})


def _elsewhere(kind: Kind, key: str) -> str:
    if kind is DOCUMENT and spelled(key) in {"title", "subtitle", "author", "language", "description"}:
        return f" Did you mean it for the book? Put it into “book”: {{“{spelled(key)}”: …}}."
    if kind is NODE and spelled(key) in {"source", "target", "edges", "links"}:
        return " Links stand in a list of their own, “links”."
    return ""


def _is_bookkeeping(key: str, value: object) -> bool:
    name = spelled(key)
    if name not in _BOOKKEEPING:
        return False
    if name in {"type", "group"}:
        return spelled(str(value)) in NO_TYPES
    if name == "graph":
        return not value
    return name not in {"labels"} or isinstance(value, list)
