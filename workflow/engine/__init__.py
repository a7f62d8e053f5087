"""Drives sessions: claims chapters and phases, runs agents, stores their results, completes books."""

from .driver import advance
from .pool import ChapterPool

__all__ = ["ChapterPool", "advance"]
