"""Drives sessions: claims, runs agents, stores results, finishes. Entered through `advance` alone."""

from .driver import advance

__all__ = ["advance"]
