"""The pages on which a book begins: upload, sample, template, help."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from books.access import is_htmx, person_of
from books.actions import add_sample_book, upload_storyline
from books.actions.sample import TEMPLATE_NAME, sample_file
from books.models import Book
from books.preferences.catalogue import PREFERENCES
from books.storyline import StorylineFaults
from books.uploads import Busy, Upload
from chapterflow_site.core.exceptions import Invalid, TooSoon

from .forms import UploadForm

_PASTED = "the pasted text"


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a storyline and go on to its outline, or name every fault in it.

    `?book=<book_id>` makes it the next version of a book.
    """
    book_id = request.POST.get("book") or request.GET.get("book")
    if book_id and "\x00" in book_id:
        raise Http404
    book = get_object_or_404(Book.objects.visible_to(request.user), book_id=book_id) if book_id else None
    if request.method == "GET":
        return _page(request, UploadForm(), book)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, book, status=422)
    return _taken(request, form, book)


def _taken(request: HttpRequest, form: UploadForm, book: Book | None) -> HttpResponse:
    file = form.cleaned_data["file"]
    if file is None and not form.cleaned_data["text"].strip():
        return _page(request, form, book, problem="Choose a file, or paste the storyline.", status=422)
    if file is not None and file.size > settings.CHAPTERFLOW_UPLOAD_BYTES:
        return _page(request, form, book, problem=_too_large(file.size), status=413)
    name = file.name if file else ""
    try:
        return _stored(request, form, book, file or form.cleaned_data["text"], name)
    except StorylineFaults as error:
        faults = {"faults": error.faults, "lines": error.lines, "name": name or _PASTED}
        return _page(request, form, book, status=422, **faults)
    except (Invalid, TooSoon, Busy) as error:
        return _page(request, form, book, problem=error.message, status=error.status)


def _stored(
    request: HttpRequest, form: UploadForm, book: Book | None, data: Upload, name: str
) -> HttpResponse:
    version = upload_storyline(
        data,
        actor=person_of(request),
        book=book,
        source_name=name,
        title=form.cleaned_data["title"],
        author=form.cleaned_data["author"],
    )
    address = reverse("outline", args=[version.book.book_id, version.number])
    return HttpResponseClientRedirect(address) if is_htmx(request) else redirect(address)


def _too_large(size: int) -> str:
    return (
        f"The file has {size / 1_000_000:,.1f} MB; this installation takes up to "
        f"{settings.CHAPTERFLOW_UPLOAD_BYTES / 1_000_000:g} MB. Split the storyline into several books."
    )


def _page(
    request: HttpRequest, form: UploadForm, book: Book | None, *, status: int = 200, **context: object
) -> HttpResponse:
    page = {
        "section": "upload",
        "form": form,
        "book": book,
        "most_nodes": settings.CHAPTERFLOW_UPLOAD_NODES,
        "most_words": settings.CHAPTERFLOW_UPLOAD_WORDS,
        "most_megabytes": f"{settings.CHAPTERFLOW_UPLOAD_BYTES / 1_000_000:g}",
        **context,
    }
    # htmx shows an answer only where it is no error.
    return render(request, "books/upload.html", page, status=200 if is_htmx(request) else status)


@login_required
@require_POST
def sample(request: HttpRequest) -> HttpResponse:
    """Put the sample book on the person's shelf and show its outline."""
    version = add_sample_book(actor=person_of(request))
    return redirect("outline", version.book.book_id, version.number)


@require_GET
def template_file(request: HttpRequest) -> HttpResponse:
    """Send a small storyline to start from."""
    return HttpResponse(
        sample_file(TEMPLATE_NAME),
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="storyline-template.json"'},
    )


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Explain what is what, the keyboard and the file format."""
    page = {"section": "help", "template": sample_file(TEMPLATE_NAME).decode(), "preferences": PREFERENCES}
    return render(request, "help.html", page)
