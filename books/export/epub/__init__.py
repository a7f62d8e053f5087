"""A book as EPUB 3, written by ourselves (docs/decisions/0002-own-epub-writer.md)."""

from .package import epub_file

__all__ = ["epub_file"]
