"""Tokens and sign-in links in the admin, and the one way of signing in that the admin shares with the site."""

from functools import partial

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse

from chapterflow_site.admin import ReadOnlyAdmin, YesNoFilter, act_on_each, actor_of, ask_first, counted

from . import admin_people  # noqa: F401  (registers people and groups)
from .actions import revoke_token
from .models import ApiToken, PasswordTry, SignInLink

REVOKED = counted("%(count)d token was revoked.", "%(count)d tokens were revoked.")


def sign_in_on_the_site(request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
    """Send to the site's own sign-in page. Somebody signed in who may not see the admin is told so."""
    if request.user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied
    target = request.GET.get("next") or reverse("admin:index")
    return redirect_to_login(target, resolve_url("sign_in"))


admin.site.site_header = admin.site.site_title = "ChapterFlow"
admin.site.index_title = "Everything in this installation"
admin.site.login = sign_in_on_the_site  # type: ignore[method-assign]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin[ApiToken]):
    """Tokens of the API; the token itself is stored nowhere."""

    list_display = ("prefix", "name", "user", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", YesNoFilter),)
    list_select_related = ("user",)
    search_fields = ("prefix", "name", "user__username", "user__email")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    actions = ("revoke",)
    fields = ("prefix", "name", "user", "created_at", "expires_at", "last_used_at", "revoked_at")

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """A token goes with its person, who could not be deleted otherwise."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.action(permissions=["act"], description="Revoke")
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> HttpResponse | None:
        """End tokens for good, after asking."""
        question = "Revoke these tokens? Programs that use them are refused from now on."
        page = ask_first(self, request, tokens, question, "Revoke the tokens")
        if page is None:
            act_on_each(self, request, tokens, partial(revoke_token, actor=actor_of(request)), REVOKED)
        return page


@admin.register(SignInLink)
class SignInLinkAdmin(ReadOnlyAdmin[SignInLink]):
    """One-time sign-in links; the link itself is stored nowhere."""

    list_display = ("user", "created_at", "expires_at", "used_at")
    list_filter = (("used_at", YesNoFilter),)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = ("user", "created_at", "expires_at", "used_at")

    def has_delete_permission(self, request: HttpRequest, obj: SignInLink | None = None) -> bool:
        """A link goes with its person, who could not be deleted otherwise."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(PasswordTry)
class PasswordTryAdmin(ReadOnlyAdmin[PasswordTry]):
    """Who is kept from trying more passwords, counted by hashes; deleting a row lets people try again at once."""

    list_display = ("kind", "count", "began_at")
    list_filter = ("kind",)
    date_hierarchy = "began_at"
    ordering = ("-began_at",)
    fields = ("kind", "count", "began_at")

    def has_delete_permission(self, request: HttpRequest, obj: PasswordTry | None = None) -> bool:
        """Administrators may let somebody try again."""
        return bool(request.user.is_active and request.user.is_superuser)
