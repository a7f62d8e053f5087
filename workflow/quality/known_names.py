"""Names in a chapter that nothing which it rests on has: perhaps invented."""

import re
from collections.abc import Iterator
from functools import cached_property

from workflow.harmonization.prose import proper_names, word_set

from .chapter_sources import Sources
from .prose import MeasuredSentence, SentenceKind

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 3
_STEM_LEFT_OUT = 3
# Written with a capital without naming anybody.
_NO_NAMES = word_set("""
    mr mrs ms miss dr prof hon sir madam lady lord saint st mister doctor professor captain king queen god bible
    mother father mum dad mom mama papa grandmother grandfather grandma grandpa granny aunt uncle i i'm i'd i'll i've
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december ok okay tv chapter part north south east west
    """)


class KnownNames:
    """The words that may be names in a chapter: its sources', its node's and book's, and its earlier chapters'."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @cached_property
    def _words(self) -> frozenset[str]:
        words = {*self._sources.words, *_WORD.findall(self._sources.around.lower())}
        return frozenset(
            words | {part for word in words if not word.isalpha() for part in _WORD.findall(word)}
        )

    @cached_property
    def _earlier(self) -> list[str]:
        return [chapter.text.lower() for chapter in self._sources.earlier]

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(word[:length] for word in self._words for length in range(4, len(word) + 1))

    def unknown_in(self, sentence: MeasuredSentence) -> Iterator[str]:
        """Yield the names of a sentence that are not known, as they stand there."""
        if sentence.kind is not SentenceKind.TOLD:
            return
        for name in proper_names(sentence.text.replace("*", " ").replace("_", " ")):
            if not all(self._is_known(word) for word in _WORD.findall(name.text.lower())):
                yield name.text

    def _is_known(self, word: str) -> bool:
        """Whether the word, or one with the same beginning, is known: "Canadian" is where Canada is."""
        if len(word) < _SHORTEST or word in _NO_NAMES or word in self._words:
            return True
        stem = word[: max(4, len(word) - _STEM_LEFT_OUT)]
        if len(word) >= 4 and stem in self._stems:
            return True
        return any(re.search(rf"\b{re.escape(word)}\b", text) for text in self._earlier)
