"""The content in the database: books, their input, their chapters."""

from .book import Book, BookVersion, Dependencies
from .chapter import LONGEST_TITLE, Chapter, ChapterRevision, Citation, Origin
from .storyline import NodeChunk, StorylineLink, StorylineNode, TextChunk

__all__ = [
    "LONGEST_TITLE",
    "Book",
    "BookVersion",
    "Chapter",
    "ChapterRevision",
    "Citation",
    "Dependencies",
    "NodeChunk",
    "Origin",
    "StorylineLink",
    "StorylineNode",
    "TextChunk",
]
