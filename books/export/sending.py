"""The answer that hands out a book as a file, part by part."""

from django.http import FileResponse

from .formats import ExportFile


def download(file: ExportFile) -> FileResponse:
    """Return the answer with the file, which is closed at its end."""
    return FileResponse(file.content, as_attachment=True, filename=file.name, content_type=file.content_type)
