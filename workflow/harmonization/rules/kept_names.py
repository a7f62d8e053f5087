"""The spellings that the person keeps, as the rule of names asks for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from books.preferences.reading import KeptName

IsVariant = Callable[[str, str], bool]


@dataclass(frozen=True)
class Keeping:
    """Names to keep whole and word by word, and the right spelling of each that the person calls wrong."""

    names: tuple[str, ...]
    words: frozenset[str]
    right_of: Mapping[str, str]

    @classmethod
    def of(cls, kept: Sequence[KeptName]) -> "Keeping":
        """Return what the person's names say."""
        words = {word for name in kept for word in name.right.split() if word[0].isupper()}
        names = dict.fromkeys([*(name.right for name in kept), *sorted(words)])
        right_of = {wrong.casefold(): name.right for name in kept for wrong in name.wrong}
        return cls(tuple(names), frozenset(names), right_of)

    def is_kept(self, name: str) -> bool:
        """Whether every word of the name is spelled as the person keeps it."""
        return name in self.words or all(word in self.words for word in name.split())

    def right_for(self, name: str, is_variant: IsVariant) -> str | None:
        """Return the kept spelling that `name` is probably meant to be: said to be wrong, or close to a kept one."""
        if right := self._right_for(name, is_variant):
            return right
        words = [self._right_for(word, is_variant) or word for word in name.split()]
        return " ".join(words) if words != name.split() else None

    def _right_for(self, name: str, is_variant: IsVariant) -> str | None:
        if name in self.words:
            return None
        close = (kept for kept in self.names if _same_shape(name, kept) and is_variant(name, kept))
        return self.right_of.get(name.casefold()) or next(close, None)


def _same_shape(one: str, other: str) -> bool:
    return one[0] == other[0] and one.count(" ") == other.count(" ")
