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
        if right := self.right_of.get(name.casefold()):
            return right
        close = (kept for kept in self.names if _same_shape(name, kept) and is_variant(name, kept))
        return next(close, None) or self._word_by_word(name)

    def _word_by_word(self, name: str) -> str | None:
        """Return a full name with its wrong words put right."""
        right = " ".join(self.right_of.get(word.casefold(), word) for word in name.split())
        return right if right != name else None


def _same_shape(one: str, other: str) -> bool:
    return one[0] == other[0] and one.count(" ") == other.count(" ")
