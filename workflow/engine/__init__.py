"""Drives sessions: claims chapters and phases, runs agents, stores their results, completes books."""

from .driver import advance

__all__ = ["advance"]
