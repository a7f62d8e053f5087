"""The outline of a version: shown, described, told what depends on what, until the start fixes it."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from books.access import is_htmx, person_of
from books.actions import edit_book, edit_outline
from books.models import BookVersion
from books.outline.groups import GROUP, in_groups, numbers_in
from books.outline.listing import OutlineRow, outline_of, rows_of
from books.reading.preferences import shown_preferences
from books.speakers import repeated_sentences, unnamed_speakers
from books.writers import asked_writer, writer_of
from chapterflow_site.core.exceptions import Invalid

from .forms import DetailsForm
from .lookup import version_or_404
from .preferences_form import PreferencesForm

# From here on chapters are also moved by their numbers, and not only step by step.
LONG = 9
_WHOLE = "books/_outline_whole.html"
_WRITER_CHARACTERS = 200


@login_required
@require_GET
def outline(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the chapters in order, what each waits for, and what the book will come to.

    Of a long outline one group is shown, or what `?group=` names; `part=rows` asks for that group alone.
    """
    version = version_or_404(request, book_id, number)
    if is_htmx(request) and request.GET.get("part") == "rows":
        return _group(request, version)
    return outline_page(request, version, template=_WHOLE)


def _group(request: HttpRequest, version: BookVersion) -> HttpResponse:
    rows = rows_of(version)
    asked = in_groups(rows, numbers_in(request.GET.getlist("group")))
    shown = next(group for group in asked if group.is_open)
    context = {"version": version, "group": shown, **ways_to_move(version, rows)}
    return render(request, "books/_outline_group.html", context)


def ways_to_move(version: BookVersion, rows: Sequence[OutlineRow]) -> dict[str, object]:
    """Return what the rows of an outline are drawn by: whether it is in groups, and moved about by numbers."""
    return {
        "is_grouped": len(rows) > GROUP,
        "can_move_to": len(rows) > LONG and not version.is_started,
    }


@login_required
@require_POST
def outline_edit(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Change what depends on what, what the writer is asked for, or how the book is called."""
    version = version_or_404(request, book_id, number)
    if "preferences" in request.POST:
        return _edit_preferences(request, version)
    if "speakers" in request.POST:
        return _name_speakers(request, version)
    if "title" in request.POST:
        return _edit_details(request, version)
    edit_outline(version, actor=person_of(request), dependencies=request.POST.get("dependencies"))
    return _changed(request, version)


def _name_speakers(request: HttpRequest, version: BookVersion) -> HttpResponse:
    names = dict(zip(request.POST.getlist("label"), request.POST.getlist("name"), strict=False))
    try:
        edit_outline(version, actor=person_of(request), speaker_names=names)
    except Invalid as error:
        return outline_page(request, version, speakers_fault=error.message, status=422)
    messages.success(request, "The names were saved.")
    return redirect("outline", version.book.book_id, version.number)


def _edit_details(request: HttpRequest, version: BookVersion) -> HttpResponse:
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return outline_page(request, version, form=form, status=422)
    try:
        edit_book(version.book, actor=person_of(request), **form.changes_of(version.book))
    except Invalid as error:
        form.add_error(None, error.message)
        return outline_page(request, version, form=form, status=422)
    messages.success(request, "The description was saved.")
    return redirect("outline", version.book.book_id, version.number)


def _edit_preferences(request: HttpRequest, version: BookVersion) -> HttpResponse:
    """Save what the writer is asked for; HTMX gets the page's parts back, with the estimate that follows from it."""
    wishes = PreferencesForm(request.POST)
    if not wishes.is_valid():
        # htmx shows an answer only where it is no error.
        status = 200 if is_htmx(request) else 422
        return outline_page(request, version, wishes=wishes, status=status, template=_WHOLE)
    edit_outline(version, actor=person_of(request), preferences=wishes.own_of(version))
    if is_htmx(request):
        return outline_page(request, version, saved=True, template=_WHOLE)
    messages.success(request, "What the writer is asked for was saved.")
    return redirect("outline", version.book.book_id, version.number)


def _changed(request: HttpRequest, version: BookVersion) -> HttpResponse:
    if not is_htmx(request):
        return redirect("outline", version.book.book_id, version.number)
    version.refresh_from_db()
    return outline_page(request, version)


def outline_page(
    request: HttpRequest,
    version: BookVersion,
    *,
    form: DetailsForm | None = None,
    wishes: PreferencesForm | None = None,
    status: int = 200,
    template: str = "books/_outline.html",
    **context: object,
) -> HttpResponse:
    """Show the page, or to HTMX the part of it that `template` is."""
    writer = _asked_writer(request)
    found = outline_of(version, writer)
    opened = numbers_in([*request.GET.getlist("group"), *request.POST.getlist("group")])
    page = {
        "section": "books",
        "version": version,
        "book": version.book,
        "outline": found,
        "groups": in_groups(found.rows, opened),
        **ways_to_move(version, found.rows),
        "writer": writer,
        "speakers": unnamed_speakers(version),
        "repeated": repeated_sentences(version),
        "form": form or DetailsForm.of(version.book),
        "wishes": wishes or PreferencesForm.of(version),
        "shown": shown_preferences(version, writer_of(version.book, writer)),
        **context,
    }
    return render(request, template if is_htmx(request) else "books/outline.html", page, status=status)


def _asked_writer(request: HttpRequest) -> str | None:
    """Return the writer that the person looks at: typed, or chosen from the list."""
    for given in (request.GET, request.POST):
        if asked := asked_writer(given):
            return asked[:_WRITER_CHARACTERS]
    return None
