"""Everything that can be done with books and outlines; each door calls these and nothing deeper."""

from .book import create_book, edit_book, hand_over_book, hand_over_books
from .chunks import add_chunks
from .outline import edit_outline, move_chapter
from .sample import add_sample_book
from .storyline import add_storyline, upload_storyline

__all__ = [
    "add_chunks",
    "add_sample_book",
    "add_storyline",
    "create_book",
    "edit_book",
    "edit_outline",
    "hand_over_book",
    "hand_over_books",
    "move_chapter",
    "upload_storyline",
]
