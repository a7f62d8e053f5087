"""People and groups in the admin: only administrators give rights, and nobody's books go with an account."""

from collections.abc import Iterable, Sequence
from functools import partial

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, User
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from books.actions import hand_over_books
from books.models import Book
from chapterflow_site.admin import SiteAdmin, act_on_each, actor_of, ask_first, counted, link_to_rows

from . import actions

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
CLOSED = counted("%(count)d account was closed.", "%(count)d accounts were closed.")
OPENED = counted("%(count)d account was opened again.", "%(count)d accounts were opened again.")
HANDED_OVER = counted("%(count)d book was handed over.", "%(count)d books were handed over.")
HOW_TO_DELETE = (
    "Hand them over to somebody else first, or close the account: both are actions above the list."
)

admin.site.unregister(User)
admin.site.unregister(Group)


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # generic for the type checker only
    """A password that an administrator sets; it ends what the earlier one had opened."""

    def save(self, commit: bool = True) -> AbstractBaseUser:
        """Set the password, or take it away; end tokens and sign-in links."""
        password = self.cleaned_data["password1"] if self.cleaned_data["set_usable_password"] else None
        return actions.change_password(self.user, password, actor=None, ends_tokens=True)


class HandOverForm(forms.Form):
    """Who gets the books."""

    to = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"), label="Hand over to"
    )


@admin.register(User)
class PersonAdmin(SiteAdmin[User], UserAdmin[User]):
    """People. Whoever may edit people without being an administrator edits those who have no rights themselves."""

    change_password_form = PasswordForm
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "book_count")
    date_hierarchy = "date_joined"
    actions = ("hand_over", "close", "open")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Count the books with the people."""
        return super().get_queryset(request).annotate(book_count=Count("books"))

    @admin.display(description="Books", ordering="book_count")
    def book_count(self, row: User) -> SafeString:
        """A link to the person's books."""
        return link_to_rows(Book, getattr(row, "book_count", 0), owner__id__exact=row.pk)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who could edit, or set the password of, somebody with more rights would have these rights."""
        return super().has_change_permission(request, obj) and may_act_on(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The same for deleting."""
        return super().has_delete_permission(request, obj) and may_act_on(request.user, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Rights are given by administrators only."""
        return ("last_login", "date_joined", *(() if request.user.is_superuser else RIGHTS))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Say how to go on where the person has books."""
        person = self.get_object(request, object_id)
        if person is None or not self.has_delete_permission(request, person) or not person.books.exists():
            return super().delete_view(request, object_id, extra_context)
        self.message_user(request, _why_not(person), messages.ERROR)
        return HttpResponseRedirect(f"{reverse('admin:auth_user_changelist')}?id={person.pk}")

    def get_deleted_objects(
        self, objs: Sequence[User] | QuerySet[User], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Refuse people with books, in words; what else belongs to a person goes along."""
        people = list(objs)
        lacking = (
            {"user"} if not all(self.has_delete_permission(request, person) for person in people) else set()
        )
        kept = [str(_why_not(person)) for person in people if person.books.exists()]
        return [str(person) for person in people], {"users": len(people)}, lacking, kept

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        """Whether the person may say whose a book is."""
        return self.has_change_permission(request) and request.user.has_perm("books.change_book")

    @admin.action(permissions=["hand_over"], description="Hand the books over to somebody else")
    def hand_over(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """Give all books of the chosen people to another one, after asking to whom."""
        form = HandOverForm(request.POST if request.POST.get("confirmed") else None)
        question = "Who gets the books of these people? Nobody else can open them afterwards."
        page = ask_first(self, request, people, question, "Hand the books over", form)
        if page is not None:
            return page
        to = form.cleaned_data["to"]
        actor = actor_of(request)
        count = sum(hand_over_books(person, to=to, actor=actor) for person in self._allowed(request, people))
        self.message_user(request, HANDED_OVER(count), messages.SUCCESS)
        return None

    @admin.action(permissions=["change"], description="Close the account (books are kept)")
    def close(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """Let people in no longer, after asking."""
        question = (
            "Close these accounts? They are signed out, their API tokens are refused, their books are kept."
        )
        page = ask_first(self, request, people, question, "Close the accounts")
        if page is None:
            act = partial(actions.close_account, actor=actor_of(request))
            act_on_each(self, request, self._allowed(request, people), act, CLOSED)
        return page

    @admin.action(permissions=["change"], description="Open a closed account again")
    def open(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let people in again."""
        act = partial(actions.open_account, actor=actor_of(request))
        act_on_each(self, request, self._allowed(request, people), act, OPENED)

    def _allowed(self, request: HttpRequest, people: Iterable[User]) -> Iterable[User]:
        """Yield those whom the person who asks may act on; say of the others that they are left as they were."""
        for person in people:
            if self.has_change_permission(request, person):
                yield person
            else:
                self.message_user(request, f"{person}: Only an administrator may do this.", messages.WARNING)


@admin.register(Group)
class RightsGroupAdmin(SiteAdmin[Group], GroupAdmin):
    """Groups give rights to everybody in them, so that administrators alone make and change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only administrators."""
        return _is_administrator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Only administrators."""
        return _is_administrator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Only administrators."""
        return _is_administrator(request.user)


def may_act_on(actor: AbstractBaseUser | AnonymousUser, person: User | None) -> bool:
    """Return whether `actor`, who may edit people, may edit this one: an administrator everybody, others the rest."""
    return _is_administrator(actor) or person is None or not (person.is_staff or person.is_superuser)


def _is_administrator(actor: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(actor.is_active and getattr(actor, "is_superuser", False))


def _why_not(person: User) -> SafeString:
    count = person.books.count()
    books = f"{count} book{'' if count == 1 else 's'}"
    return format_html("{} has {}, which no account takes along. {}", person, books, HOW_TO_DELETE)
