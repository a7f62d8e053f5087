"""Reading what people upload: a few at once, each within bounds of memory and time."""

from .places import Busy, reading_place
from .reader import Upload, limits, read_chunk_upload, read_upload

__all__ = ["Busy", "Upload", "limits", "read_chunk_upload", "read_upload", "reading_place"]
