"""The API of the process: starting, following, stopping and retrying; changes and questions."""

from . import chapters, generation, library, review, sessions, usage, writers
from .router import router

__all__ = [
    "chapters",
    "generation",
    "library",
    "review",
    "router",
    "sessions",
    "usage",
    "writers",
]
