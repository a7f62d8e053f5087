"""Measures of a chapter that need no model. Pure: no Django, no database, the same text gives the same figures."""

from .measure import Metrics, measure
from .score import WEIGHTS
from .sources import Sources

__all__ = ["WEIGHTS", "Metrics", "Sources", "measure"]
