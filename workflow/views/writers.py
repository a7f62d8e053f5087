"""The button *Check connection* beside the choice of a writer."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from books.access import is_htmx, person_of
from books.views.lookup import version_or_404
from books.writers import asked_writer
from workflow import actions


@login_required
@require_POST
def writer_check(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Check the writer that is chosen on the start panel; show the result under the choice, or on a page."""
    version = version_or_404(request, book_id, number)
    reports = actions.check_writer(asked_writer(request.POST), actor=person_of(request))
    template = "workflow/_writer_check.html" if is_htmx(request) else "workflow/writer_check.html"
    return render(request, template, {"section": "books", "version": version, "reports": reports})
