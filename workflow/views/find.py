"""Finding a chapter or a book from any page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from books.access import is_htmx
from workflow.pages.home.find import LONGEST_QUERY
from workflow.pages.home.find import find as find_titles


@login_required
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Show what `?q=` matches, first in the book that `?book=` names; to HTMX the list alone."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    book_id = request.GET.get("book", "")[:LONGEST_QUERY]
    context = {"query": query, "found": find_titles(request.user, query, book_id), "find_in": book_id}
    return render(request, "workflow/_found.html" if is_htmx(request) else "workflow/find.html", context)
