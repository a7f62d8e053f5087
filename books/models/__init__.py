"""The content in the database: books, their input, their chapters."""

from .book import Book, BookVersion, Dependencies
from .chapter import Chapter, ChapterRevision, Citation, Origin
from .storyline import NodeChunk, StorylineLink, StorylineNode, TextChunk

__all__ = [
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
