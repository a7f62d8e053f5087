"""Reads the record of what a writer was given, as it was stored, perhaps by an older version: nothing is certain."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class BlockNote:
    """What the record says of one block of a prompt."""

    name: str
    tokens: int
    budget: int
    state: str


class PromptRecord:
    """A record of what went in, with whatever it does not have left empty."""

    def __init__(self, stored: object, agent: str = "") -> None:
        self._stored: Mapping[str, object] = stored if isinstance(stored, Mapping) else {}
        sources = self._stored.get("sources")
        self._sources: Mapping[str, object] = sources if isinstance(sources, Mapping) else {}
        self.is_quotations = agent == "quotations"

    def __bool__(self) -> bool:
        return bool(self._stored)

    @property
    def blocks(self) -> list[BlockNote]:
        """The blocks of a model's prompt, in order."""
        return [
            BlockNote(
                str(each.get("name")), _count(each, "tokens"), _count(each, "budget"), str(each.get("state"))
            )
            for each in _mappings(self._stored, "blocks")
        ]

    @property
    def model(self) -> str:
        """The model that it was sent to."""
        return str(self._stored.get("model") or "")

    @property
    def window(self) -> int:
        """How many tokens the model takes at once, 0 where that is not known."""
        return _count(self._stored, "window")

    @property
    def window_from(self) -> str:
        """Who says so."""
        return str(self._stored.get("window_from") or "")

    @property
    def tokens(self) -> int:
        """How many tokens went in, estimated."""
        return _count(self._stored, "tokens")

    @property
    def chunks(self) -> list[str]:
        """The ids of the chapter's passages."""
        return _texts(self._stored, "chunks")

    @property
    def left_out_passages(self) -> list[str]:
        """The ids of those that the preferences leave out."""
        return _texts(self._stored, "left_out_passages")

    @property
    def chapters(self) -> list[int]:
        """The chapters that had a line."""
        return _numbers(self._stored, "chapters")

    @property
    def titles(self) -> list[int]:
        """The chapters of which only the title was there."""
        return _numbers(self._stored, "titles")

    @property
    def left_out_chapters(self) -> int:
        """How many chapters were only counted."""
        return _count(self._stored, "left_out_chapters")

    @property
    def previous(self) -> int | None:
        """The chapter whose end was there."""
        return _count(self._stored, "previous") or None

    @property
    def facts(self) -> dict[str, list[int]]:
        """By name the chapters that facts came from."""
        return _by_name(self._stored, "facts")

    @property
    def facts_left_out(self) -> dict[str, list[int]]:
        """By name the chapters whose facts found no room."""
        return _by_name(self._stored, "facts_left_out")

    @property
    def related(self) -> list[str]:
        """The ids of the nodes that were summed up whole."""
        return _texts(self._stored, "related")

    @property
    def related_shortened(self) -> list[str]:
        """Those whose summary was shortened."""
        return _texts(self._stored, "related_shortened")

    @property
    def related_left_out(self) -> list[str]:
        """Those for which there was no room."""
        return _texts(self._stored, "related_left_out")

    @property
    def related_nodes(self) -> list[str]:
        """All of them."""
        return [*self.related, *self.related_shortened, *self.related_left_out]

    @property
    def whole(self) -> list[str]:
        """The passages that were whole."""
        return _texts(self._sources, "whole")

    @property
    def altered(self) -> list[str]:
        """The passages in which a sign was broken up."""
        return _texts(self._sources, "altered")

    @property
    def shortened(self) -> list[tuple[str, int, int]]:
        """The passages that were shortened: id, tokens kept, tokens."""
        return [
            (str(each.get("id")), _count(each, "kept"), _count(each, "tokens"))
            for each in _mappings(self._sources, "shortened")
        ]

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """The passages that were left out, and why."""
        return [
            (str(each.get("id")), str(each.get("reason") or ""))
            for each in _mappings(self._sources, "left_out")
        ]


def _count(stored: Mapping[str, object], key: str) -> int:
    value = stored.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _list(stored: Mapping[str, object], key: str) -> list[object]:
    value = stored.get(key)
    return value if isinstance(value, list) else []


def _texts(stored: Mapping[str, object], key: str) -> list[str]:
    return [str(each) for each in _list(stored, key)]


def _numbers(stored: Mapping[str, object], key: str) -> list[int]:
    return [each for each in _list(stored, key) if isinstance(each, int) and each > 0]


def _mappings(stored: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    return [each for each in _list(stored, key) if isinstance(each, Mapping)]


def _by_name(stored: Mapping[str, object], key: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in _mappings(stored, key):
        numbers = found.setdefault(str(each.get("name")), [])
        if (number := _count(each, "chapter")) and number not in numbers:
            numbers.append(number)
    return found
