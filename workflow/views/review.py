"""The review desk: what the harmonizer changed or suggests, and the decisions on it."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from books.access import is_htmx, person_of
from books.models import Book, BookVersion
from books.sources import withheld_of
from books.views.lookup import version_or_404
from workflow import actions
from workflow.contract.states import Phase
from workflow.models import ChangeStatus, HarmonizationChange, ProcessingSession
from workflow.pages.review.changes import (
    ALL,
    KINDS,
    by_chapter,
    count_kinds,
    count_statuses,
    kind_of,
    rule_switches,
    show,
)
from workflow.progress.model_note import model_note

CHANGES_PER_PAGE = 100

Decide = Callable[..., HarmonizationChange]
_DECISIONS: dict[str, Decide] = {
    "keep": actions.keep_change,
    "undo": actions.undo_change,
    "apply": actions.apply_change,
    "dismiss": actions.dismiss_change,
}


@login_required
@require_GET
def review(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the changes, chapter by chapter, through a filter."""
    version = version_or_404(request, book_id, number)
    session = get_object_or_404(ProcessingSession, version=version)
    counts = count_statuses(session)
    kinds = count_kinds(counts)
    asked = request.GET.get("show", "")
    first_filled = next((kind for kind, count in kinds if count), ALL)
    chosen = next((kind for kind in (*KINDS, ALL) if kind.key == asked), first_filled)
    changes = session.changes.filter(status__in=chosen.statuses).select_related("chapter", "decided_by")
    page = Paginator(changes.order_by("chapter__number", "offset", "id"), CHANGES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "section": "books",
        "version": version,
        "session": session,
        "total": sum(counts.values()),
        "chapters": session.changes.order_by().values("chapter").distinct().count(),
        "to_keep": counts[ChangeStatus.APPLIED],
        "kinds": kinds,
        "chosen": chosen,
        "page": page,
        "groups": by_chapter(page.object_list, withheld_of(version)),
        "rules": rule_switches(version.book, session),
        "model": model_note(session, Phase.HARMONIZING),
    }
    return render(request, "workflow/review.html", context)


@login_required
@require_POST
def change_decide(request: HttpRequest, change_id: int, decision: str) -> HttpResponse:
    """Keep, undo, apply or dismiss one change."""
    decide = _DECISIONS.get(decision)
    if decide is None:
        raise Http404
    changes = HarmonizationChange.objects.visible_to(request.user)
    change = get_object_or_404(changes.select_related("chapter__version__book"), pk=change_id)
    change = decide(change, actor=person_of(request))
    if is_htmx(request):
        return _changed(request, change)
    version = change.chapter.version
    return redirect(f"{_address(version)}?show={kind_of(change).key}#change-{change.pk}")


@login_required
@require_POST
def keep_all(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Keep every change that was made and not yet looked at."""
    version = version_or_404(request, book_id, number)
    session = get_object_or_404(ProcessingSession, version=version)
    person: AbstractBaseUser = person_of(request)
    kept = 0
    for change in session.changes.filter(status=ChangeStatus.APPLIED):
        actions.keep_change(change, actor=person)
        kept += 1
    messages.success(request, ngettext("%s change is kept.", "%s changes are kept.", kept) % f"{kept:,}")
    return redirect(f"{_address(version)}?show=kept")


@login_required
@require_POST
def rule_switch(request: HttpRequest, book_id: str, key: str) -> HttpResponse:
    """Switch one rule for the book."""
    book = get_object_or_404(Book.objects.visible_to(request.user), book_id=book_id)
    rule = actions.switch_rule(
        book, key, enabled=request.POST.get("enabled") == "on", actor=person_of(request)
    )
    if is_htmx(request):
        return HttpResponse(status=204)
    messages.success(request, f"The rule is {'on' if rule.is_enabled else 'off'} for this book.")
    version = book.versions.order_by("-number").first()
    return redirect(_address(version)) if version else redirect("home")


def _changed(request: HttpRequest, change: HarmonizationChange) -> HttpResponse:
    """Return the change as it is now, with the counts that it changed."""
    session = ProcessingSession.objects.get(pk=change.session_id)
    kinds = count_kinds(count_statuses(session))
    shown = show(change, withheld_of(change.chapter.version))
    asked = request.headers.get("HX-Current-URL", "")
    chosen = next((kind for kind, _ in kinds if f"show={kind.key}" in asked), shown.kind)
    context = {
        "shown": shown,
        "version": change.chapter.version,
        "kinds": kinds,
        "chosen": chosen,
        "is_oob": True,
    }
    return render(request, "workflow/_change_update.html", context)


def _address(version: BookVersion) -> str:
    return reverse("review", kwargs={"book_id": version.book.book_id, "number": version.number})
