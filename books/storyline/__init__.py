"""A storyline before it is stored: read, checked, ordered and estimated in plain Python, without Django."""

from .faults import Fault, StorylineFaults
from .limits import DEFAULT_LIMITS, Limits
from .parse import read_storyline, read_storyline_value
from .values.document import BookInfo, ChunkSpec, LinkSpec, NodeSpec, StorylineDocument

__all__ = [
    "DEFAULT_LIMITS",
    "BookInfo",
    "ChunkSpec",
    "Fault",
    "Limits",
    "LinkSpec",
    "NodeSpec",
    "StorylineDocument",
    "StorylineFaults",
    "read_storyline",
    "read_storyline_value",
]
