"""The outline of a version: shown, put in order, described, until the start fixes it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from books.access import is_htmx, person_of
from books.actions import edit_book, edit_outline, move_chapter
from books.exceptions import Invalid, NotFound
from books.forms import DetailsForm
from books.models import BookVersion
from books.outline import Outline, outline_of
from books.preferences.form import PreferencesForm
from books.preferences.shown import shown_preferences
from books.writers import asked_writer, writer_of

from .lookup import version_or_404

_STEPS = ("up", "down")
_WHOLE = "books/_outline_whole.html"
_WRITER_CHARACTERS = 200


@login_required
@require_GET
def outline(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the chapters in order, what each waits for, and what the book will come to."""
    return _page(request, version_or_404(request, book_id, number), template=_WHOLE)


@login_required
@require_POST
def outline_edit(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Change what depends on what, what the writer is asked for, or how the book is called."""
    version = version_or_404(request, book_id, number)
    if "preferences" in request.POST:
        return _edit_preferences(request, version)
    if "title" in request.POST:
        return _edit_details(request, version)
    edit_outline(version, actor=person_of(request), dependencies=request.POST.get("dependencies"))
    return _changed(request, version)


def _edit_details(request: HttpRequest, version: BookVersion) -> HttpResponse:
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return _page(request, version, form=form, status=422)
    try:
        columns = {name: form.cleaned_data[name] for name in form.book_columns}
        edit_book(version.book, actor=person_of(request), **columns)
    except Invalid as error:
        form.add_error(None, error.message)
        return _page(request, version, form=form, status=422)
    messages.success(request, "The description was saved.")
    return redirect("outline", version.book.book_id, version.number)


def _edit_preferences(request: HttpRequest, version: BookVersion) -> HttpResponse:
    """Save what the writer is asked for; HTMX gets the page's parts back, with the estimate that follows from it."""
    wishes = PreferencesForm(request.POST)
    if not wishes.is_valid():
        # htmx shows an answer only where it is no error.
        status = 200 if is_htmx(request) else 422
        return _page(request, version, wishes=wishes, status=status, template=_WHOLE)
    edit_outline(version, actor=person_of(request), preferences=wishes.own_of(version))
    if is_htmx(request):
        return _page(request, version, saved=True, template=_WHOLE)
    messages.success(request, "What the writer is asked for was saved.")
    return redirect("outline", version.book.book_id, version.number)


@login_required
@require_POST
def outline_move(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Move one chapter: `up` or `down` name it, or `node` names it and `to` its new place."""
    version = version_or_404(request, book_id, number)
    before = outline_of(version) if is_htmx(request) else None
    try:
        moved = _move(request, version)
    except Invalid as refusal:
        return _refused(request, version, refusal)
    return _moved_rows(request, version, before) if before else _changed(request, version, moved)


def _moved_rows(request: HttpRequest, version: BookVersion, before: Outline) -> HttpResponse:
    """Send the rows that read differently now: of a thousand chapters a move changes a few."""
    pairs = zip(before.rows, outline_of(version).rows, strict=True)
    changed = [row for was, row in pairs if was != row]
    return render(request, "books/_outline_moved.html", {"version": version, "changed": changed})


def _move(request: HttpRequest, version: BookVersion) -> str:
    """Return the id of the chapter that was moved. Raises what the action raises."""
    for step in _STEPS:
        if key := _node(request, step):
            move_chapter(version, key, actor=person_of(request), direction="up" if step == "up" else "down")
            return key
    place = request.POST.get("to", "")
    if not (place.isascii() and place.isdigit() and len(place) < 10):
        raise Invalid("no_place", "Say where the chapter should stand, by its number.")
    key = _node(request, "node")
    move_chapter(version, key, actor=person_of(request), to=int(place))
    return key


def _node(request: HttpRequest, field: str) -> str:
    """Return the id of the node that `field` names. Raises NotFound for a NUL, which PostgreSQL takes nowhere."""
    key = request.POST.get(field, "")
    if "\x00" in key:
        raise NotFound("unknown_chapter", "This chapter is not in the outline.")
    return key


def _refused(request: HttpRequest, version: BookVersion, refusal: Invalid) -> HttpResponse:
    if not is_htmx(request):
        messages.warning(request, f"{refusal.message} It was put back.")
        return redirect("outline", version.book.book_id, version.number)
    return retarget(reswap(_page(request, version, refusal=refusal), "outerHTML"), "#outline")


def _changed(request: HttpRequest, version: BookVersion, moved: str = "") -> HttpResponse:
    if not is_htmx(request):
        address = reverse("outline", args=[version.book.book_id, version.number])
        place = version.nodes.filter(key=moved).values_list("place", flat=True).first()
        return redirect(f"{address}#chapter-{place}" if place else address)
    version.refresh_from_db()
    return _page(request, version)


def _page(
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
    page = {
        "section": "books",
        "version": version,
        "book": version.book,
        "outline": outline_of(version, writer),
        "writer": writer,
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
