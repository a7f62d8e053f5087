"""A version of a book as a file that can be taken away: Markdown, EPUB, JSON."""

from .formats import FORMATS, ExportFile, Format, download, export_book

__all__ = ["FORMATS", "ExportFile", "Format", "download", "export_book"]
