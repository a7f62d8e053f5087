"""What later chapters may know of a written one: its line in the story, and the exact facts in it. Uses no model."""

from .facts import Fact
from .keep import ChapterMemory, memory_of
from .names import find_names, lookup_keys, name_key

__all__ = ["ChapterMemory", "Fact", "find_names", "lookup_keys", "memory_of", "name_key"]
