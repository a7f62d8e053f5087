"""A book as a file to download."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from books.export import export_book

from .lookup import version_or_404


@login_required
@require_safe
def export(request: HttpRequest, book_id: str, number: int, format: str) -> HttpResponse:
    """Hand out the written chapters in the format that the address names."""
    file = export_book(version_or_404(request, book_id, number), format)
    disposition = content_disposition_header(True, file.name) or "attachment"
    return HttpResponse(
        file.data, content_type=file.content_type, headers={"Content-Disposition": disposition}
    )
