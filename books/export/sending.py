"""The answer that hands out a book as a file, part by part."""

from django.db import connection
from django.http import FileResponse

from .formats import ExportFile


def download(file: ExportFile) -> FileResponse:
    """Return the answer with the file, which is closed at its end."""
    # Nothing is read any more; whoever takes the file slowly would keep a connection, with its cache.
    if not connection.in_atomic_block:
        connection.close()
    return FileResponse(file.content, as_attachment=True, filename=file.name, content_type=file.content_type)
