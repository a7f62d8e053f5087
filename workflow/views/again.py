"""Asking for a written chapter again, with a note to the writer, and keeping the text that is there."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from books.access import person_of
from chapterflow_site.core.exceptions import Invalid
from workflow import actions
from workflow.actions.regeneration import LONGEST_NOTE
from workflow.agents.orchestrator import QUOTATIONS, allowed_writers
from workflow.contract.states import WRITTEN, SessionStatus
from workflow.models import ChapterWorkflowItem

from .lookup import back_to_board, session_or_404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def chapter_again(request: HttpRequest, session_id: UUID, chapter: int) -> HttpResponse:
    """Ask for the chapter again; without a form sent, show the form."""
    item = _item(request, session_id, chapter)
    if request.method == "POST":
        return _asked(request, item)
    if item.status not in WRITTEN or item.session.status == SessionStatus.CANCELLED:
        version = item.session.version
        return redirect("chapter", version.book.book_id, version.number, chapter)
    return _form(request, item, note=item.note)


@login_required
@require_POST
def chapter_keep(request: HttpRequest, session_id: UUID, chapter: int) -> HttpResponse:
    """Keep the text that the chapter has."""
    item = _item(request, session_id, chapter)
    actions.withdraw_regeneration(item, actor=person_of(request))
    return back_to_board(request, item.session)


def _item(request: HttpRequest, session_id: UUID, chapter: int) -> ChapterWorkflowItem:
    session = session_or_404(request, session_id)
    item = get_object_or_404(session.items.select_related("chapter"), number=chapter)
    item.session = session
    return item


def _asked(request: HttpRequest, item: ChapterWorkflowItem) -> HttpResponse:
    """Ask for it. A note that is refused stays in its form, with the reason."""
    note = request.POST.get("note", "")
    writer = request.POST.get("writer") or None
    try:
        actions.regenerate_chapter(item, actor=person_of(request), note=note, writer=writer)
    except Invalid as error:
        return _form(request, item, note=note, error=error.message)
    return back_to_board(request, item.session)


def _form(request: HttpRequest, item: ChapterWorkflowItem, *, note: str, error: str = "") -> HttpResponse:
    writers = allowed_writers()
    context = {
        "section": "books",
        "version": item.session.version,
        "session": item.session,
        "chapter": item.chapter,
        "note": note,
        "longest_note": LONGEST_NOTE,
        "error": error,
        "writers": writers,
        "writer": item.writer or item.session.writer,
        "offers_quotations": QUOTATIONS in dict(writers),
        "behind": item.dependents.count(),
    }
    return render(request, "workflow/chapter_again.html", context, status=422 if error else 200)
