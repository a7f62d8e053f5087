"""A book as a file to download."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from books.export import download, export_book

from .lookup import version_or_404


@login_required
@require_safe
def export(request: HttpRequest, book_id: str, number: int, format: str) -> FileResponse:
    """Hand out the written chapters in the format that the address names."""
    return download(export_book(version_or_404(request, book_id, number), format))
