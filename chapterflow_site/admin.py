"""What all pages of the admin share: read-only rows, links, readable JSON, actions with their sentences."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import ngettext

from books.models import Book

from .core.exceptions import DomainError

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices
    from django.contrib.admin.views.main import ChangeList

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)
Parent = TypeVar("Parent", bound=Model)
Page = tuple[str, str]

NOTHING = "–"
LONGEST_JSON = 20_000
LONGEST_TEXT = 50_000
MOST_LINKS = 50
MOST_REFUSALS = 10
UNREADABLE_FILTER = "The filter in the address could not be read. All rows are shown."


class SiteAdmin(admin.ModelAdmin[Row]):
    """A model in the admin, with links to the site's own pages and with refusals shown as notices."""

    def book_of(self, row: Row) -> Book | None:
        """Return the book that the row belongs to, whose owner alone may open its pages."""
        return None

    def pages_of(self, row: Row) -> Sequence[Page]:
        """Return label and address of the site's own pages that show the row."""
        return ()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, object],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Row | None = None,
    ) -> HttpResponse:
        """Add the links to the site's pages, for those who may open them."""
        if obj is not None and self._may_open(request, self.book_of(obj)):
            context["site_pages"] = self.pages_of(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _may_open(self, request: HttpRequest, book: Book | None) -> bool:
        return book is not None and Book.objects.visible_to(request.user).filter(pk=book.pk).exists()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Mapping[str, object] | None = None,
    ) -> HttpResponse:
        """Show a domain refusal as a notice above the form."""
        try:
            return super().changeform_view(request, object_id, form_url, dict(extra_context or {}))
        except DomainError as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Show the whole list, and say so, where a filter in the address names what no column can hold.

        A year 99999 or a number of 30 digits passes Django's own look at filters and fails later: in Python while
        the page is made, or in the database.
        """
        try:
            response = super().changelist_view(request, extra_context)
            return response.render() if isinstance(response, TemplateResponse) else response
        except (ValueError, OverflowError, DataError) as error:
            if request.method not in {"GET", "HEAD"} or not request.GET:
                raise
            logger.info("unreadable filter of %s: %s", request.path, error)
            self.message_user(request, UNREADABLE_FILTER, messages.WARNING)
            return HttpResponseRedirect(request.path)


class ReadOnlyAdmin(SiteAdmin[Row]):
    """A model whose rows are looked at, and changed by actions alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody makes such a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Nobody edits such a row by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Such a row goes with its book only."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether the person may run the actions: those who may change the model."""
        return super().has_change_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> list[str]:
        """Return every field of the page."""
        return [str(name) for name in flatten_fieldsets(self.get_fieldsets(request, obj))]


class ReadOnlyInline(admin.TabularInline[Row, Parent]):
    """A short list of rows that belong to another, each with a link to its own page."""

    can_delete = False
    extra = 0
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Parent | None = None) -> bool:
        """Nobody makes such a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Parent | None = None) -> bool:
        """Nobody edits such a row by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Parent | None = None) -> bool:
        """Such a row goes with its book only."""
        return False


class YesNoFilter(admin.EmptyFieldListFilter):
    """Filters by whether a column has a value, in plain words."""

    def choices(self, changelist: "ChangeList") -> "Iterator[_ListFilterChoices]":
        """Say yes and no instead of empty and not empty."""
        for choice, word in zip(super().choices(changelist), ("All", "No", "Yes"), strict=True):
            yield {**choice, "display": word}


def actor_of(request: HttpRequest) -> User:
    """Return the person who acts; the admin lets nobody in who is not signed in."""
    assert isinstance(request.user, User)
    return request.user


def link_to(row: Model | None, label: str = "") -> SafeString:
    """Return a link to the row's own page in the admin."""
    if row is None:
        return SafeString(NOTHING)
    address = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, label or str(row))


def link_to_rows(model: type[Model], count: int, **filters: object) -> SafeString:
    """Return "12 chapters" as a link to the list of these rows in the admin."""
    names = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
    address = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
    return format_html('<a href="{}?{}">{} {}</a>', address, urlencode(filters), count, names)


def list_of_links(rows: Sequence[tuple[Model, str]], total: int, all_rows: SafeString) -> SafeString:
    """Return links to `rows`, each with its label, and to all of them where these are not all."""
    links = format_html_join("", "<li>{}</li>", ((link_to(row, label),) for row, label in rows))
    rest = format_html("<li>{}</li>", all_rows) if total > len(rows) else ""
    return format_html("<ul>{}{}</ul>", links, rest) if rows else SafeString(NOTHING)


def json_field(name: str, label: str = "") -> Callable[[object, Model], SafeString]:
    """Return a column that shows the JSON of field `name` with one value a line, cut at 20,000 characters."""

    @admin.display(description=label or capfirst(name.replace("_", " ")))
    def shown(pages: object, row: Model) -> SafeString:
        value = getattr(row, name)
        if value in (None, {}, []):
            return SafeString(NOTHING)
        return _preformatted(json.dumps(value, indent=2, ensure_ascii=False), LONGEST_JSON)

    return shown


def text_field(name: str, label: str = "") -> Callable[[object, Model], SafeString]:
    """Return a column that shows the text of field `name` as it is, cut at 50,000 characters."""

    @admin.display(description=label or capfirst(name.replace("_", " ")))
    def shown(pages: object, row: Model) -> SafeString:
        return _preformatted(getattr(row, name) or NOTHING, LONGEST_TEXT)

    return shown


def _preformatted(text: str, most: int) -> SafeString:
    return format_html('<pre class="as-stored">{}</pre>', Truncator(text).chars(most, truncate=" …"))


def ask_first(
    pages: admin.ModelAdmin[Row],
    request: HttpRequest,
    rows: QuerySet[Row],
    question: str,
    button: str,
    form: forms.Form | None = None,
) -> TemplateResponse | None:
    """Return the page that asks before an action, with `form` in it, or None once the person has said yes.

    The form is bound where the person has said yes, and what is missing in it is asked for again.
    """
    if request.POST.get("confirmed") and (form is None or form.is_valid()):
        return None
    context = {
        **pages.admin_site.each_context(request),
        "title": question,
        "button": button,
        "form": form,
        "rows": rows,
        "opts": pages.opts,
        "action": request.POST.get("action", ""),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "media": pages.media,
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def counted(one: str, many: str) -> Callable[[int], str]:
    """Return how a number of rows is told: `one` and `many` have a `%(count)d`."""
    return lambda count: ngettext(one, many, count) % {"count": count}


def act_on_each(
    pages: admin.ModelAdmin[Row],
    request: HttpRequest,
    rows: Iterable[Row],
    act: Callable[[Row], object],
    done: Callable[[int], str],
) -> None:
    """Run an action on each row by itself; say how many it was done to, and why it was refused for others."""
    refusals: list[tuple[str, str]] = []
    count = 0
    for row in rows:
        try:
            act(row)
        except DomainError as refusal:
            refusals.append((str(row), refusal.message))
        else:
            count += 1
    if count:
        pages.message_user(request, done(count), messages.SUCCESS)
    for sentence in _sentences(refusals):
        pages.message_user(request, sentence, messages.WARNING)


def _sentences(refusals: Sequence[tuple[str, str]]) -> Iterable[str]:
    """Name the first refusals one by one, and count the others by their reason."""
    for name, message in refusals[:MOST_REFUSALS]:
        yield f"{name}: {message}"
    for message, count in Counter(message for _, message in refusals[MOST_REFUSALS:]).items():
        yield f"{count} more: {message}"
