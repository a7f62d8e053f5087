"""The API of the process: starting, following, stopping and retrying; changes and questions."""

from . import generation, library, review, sessions, starting, usage
from .router import router

__all__ = ["generation", "library", "review", "router", "sessions", "starting", "usage"]
