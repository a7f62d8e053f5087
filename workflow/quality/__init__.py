"""Measures of a chapter that need no model. Pure: no Django, no database, the same text gives the same figures."""

from .chapter_sources import Sources
from .measure import Metrics, measure
from .score import WEIGHTS

__all__ = ["WEIGHTS", "Metrics", "Sources", "measure"]
