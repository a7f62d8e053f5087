"""The content in the admin; of the process it knows nothing."""

from .book import BookAdmin, BookVersionAdmin
from .chapter import ChapterAdmin, ChapterRevisionAdmin, CitationAdmin
from .storyline import NodeChunkAdmin, StorylineLinkAdmin, StorylineNodeAdmin, TextChunkAdmin

__all__ = [
    "BookAdmin",
    "BookVersionAdmin",
    "ChapterAdmin",
    "ChapterRevisionAdmin",
    "CitationAdmin",
    "NodeChunkAdmin",
    "StorylineLinkAdmin",
    "StorylineNodeAdmin",
    "TextChunkAdmin",
]
