"""The home page, finding a title from any page, the way into a book, its start and its end."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from books.access import is_htmx, person_of
from books.actions import edit_book
from books.models import Book, BookVersion, Chapter
from books.views.lookup import version_or_404
from books.writers import asked_writer
from workflow.actions import delete_book, start_session
from workflow.contract.states import UNFINISHED
from workflow.engine.budget.limits import Limits, read_limits
from workflow.models import ProcessingSession
from workflow.pages.home.find import LONGEST_QUERY
from workflow.pages.home.find import find as find_titles
from workflow.pages.home.inbox import calls, running, status_word
from workflow.pages.home.library import SORTS, cards, library

PAGE = 48


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what is being written, what needs the person, and the shelf; a first visit gets a tour."""
    own = Book.objects.visible_to(request.user)
    query = request.GET.get("q", "").strip()[:200]
    sort = request.GET.get("sort", "") if request.GET.get("sort") in dict(SORTS) else "changed"
    page = Paginator(library(request.user, query=query, sort=sort), PAGE).get_page(request.GET.get("page"))
    shown = cards(page.object_list)
    context = {
        "section": "books",
        "page": page,
        "cards": [(card, status_word(card.session) if card.session else None) for card in shown],
        "query": query,
        "sort": sort,
        "sorts": SORTS,
    }
    if not shown and not query and not own.exists():
        return render(request, "workflow/first_visit.html", context)
    newest = cards(library(request.user)[:PAGE]) if query or page.number > 1 else shown
    now = [(one, status_word(one.session)) for one in running(own)]
    return render(request, "workflow/home.html", {**context, "running": now, "calls": calls(newest)})


@login_required
@require_GET
def book(request: HttpRequest, book_id: str) -> HttpResponse:
    """Lead to the newest version: to its board once it is started, else to its outline."""
    found = _book(request, book_id)
    version = BookVersion.objects.filter(book=found).order_by("-number").first()
    if version is None:
        return redirect(f"{reverse('upload')}?book={found.book_id}")
    name = "board" if ProcessingSession.objects.filter(version=version).exists() else "outline"
    return redirect(name, found.book_id, version.number)


@login_required
@require_POST
def start(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Start writing a version, or go on with one that was cancelled, and show its board."""
    version = version_or_404(request, book_id, number)
    session, _ = start_session(
        version,
        actor=person_of(request),
        writer=asked_writer(request.POST) or None,
        dependencies=request.POST.get("dependencies") or None,
        on_failure=request.POST.get("on_failure") or None,
        limits=asked_limits(request),
    )
    if request.POST.get("keep_writer"):
        edit_book(version.book, actor=person_of(request), writer=session.writer)
    return redirect("board", book_id, number)


def asked_limits(request: HttpRequest) -> Limits | None:
    """Return the budget of the form, None where the form had no field for it: then the installation's counts."""
    if "budget_tokens" not in request.POST:
        return None
    return read_limits(request.POST.get("budget_dollars", ""), request.POST["budget_tokens"])


@login_required
@require_http_methods(["GET", "POST"])
def book_delete(request: HttpRequest, book_id: str) -> HttpResponse:
    """Ask whether a book may be deleted, saying what is lost; delete it after the answer."""
    found = _book(request, book_id)
    if request.method == "POST":
        delete_book(found, actor=person_of(request))
        messages.success(request, f"“{found.title}” was deleted.")
        return redirect("home")
    written = Chapter.objects.filter(version__book=found, current_revision__isnull=False)
    lost = {
        "versions": found.versions.count(),
        "chapters": written.count(),
        "chunks": found.chunks.count(),
    }
    context = {
        "section": "books",
        "book": found,
        "lost": lost,
        "is_running": ProcessingSession.objects.filter(version__book=found, status__in=UNFINISHED).exists(),
    }
    return render(request, "workflow/book_delete.html", context)


def _book(request: HttpRequest, book_id: str) -> Book:
    return get_object_or_404(Book.objects.visible_to(request.user), book_id=book_id)


@login_required
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Show what `?q=` matches, first in the book that `?book=` names; to HTMX the list alone."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    book_id = request.GET.get("book", "")[:LONGEST_QUERY]
    context = {"query": query, "found": find_titles(request.user, query, book_id), "find_in": book_id}
    return render(request, "workflow/_found.html" if is_htmx(request) else "workflow/find.html", context)
