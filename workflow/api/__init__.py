"""The API of the process: starting, following, stopping and retrying; changes and questions."""

from . import attempts, generation, library, regeneration, review, sessions, starting, usage, writers
from .router import router

__all__ = [
    "attempts",
    "generation",
    "library",
    "regeneration",
    "review",
    "router",
    "sessions",
    "starting",
    "usage",
    "writers",
]
