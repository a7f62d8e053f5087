"""The API of books: describing them, uploading storylines, outlines, chapters, exports."""

from . import books, chapters, storylines, versions
from .router import router

__all__ = ["books", "chapters", "router", "storylines", "versions"]
