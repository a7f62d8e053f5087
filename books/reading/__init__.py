"""Reading a chapter: safe HTML of its Markdown, its passages, differences, the document of the API."""

from .difference import word_diff
from .document import chapter_document, passage_document
from .lists import listed, number_words
from .marks import WeakSentence, weak_sentences
from .rendering import SAFE_LINK, RenderedChapter, render_chapter
from .sources import (
    PassageView,
    SourceView,
    Voice,
    mark_quotes,
    passages_by_revision,
    passages_of,
    passages_of_node,
    sources_of,
    voices_of,
)

__all__ = [
    "SAFE_LINK",
    "PassageView",
    "RenderedChapter",
    "SourceView",
    "Voice",
    "WeakSentence",
    "chapter_document",
    "listed",
    "mark_quotes",
    "number_words",
    "passage_document",
    "passages_by_revision",
    "passages_of",
    "passages_of_node",
    "render_chapter",
    "sources_of",
    "voices_of",
    "weak_sentences",
    "word_diff",
]
