"""The pages of signing in and out and of one's account."""

from ipaddress import ip_address

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from books.access import person_of
from chapterflow_site.core.exceptions import TooSoon

from . import actions, throttle
from .forms import ChangePasswordForm, FirstPasswordForm, PersonForm, SignInForm, TokenForm
from .models import ApiToken

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password."""
    if request.user.is_authenticated:
        return redirect(_next_page(request))
    form = SignInForm(request.POST or None)
    context: dict[str, object] = {
        "form": form,
        "is_first_visit": actions.nobody_has_signed_in(),
        "next": request.POST.get("next") or request.GET.get("next", ""),
    }
    if request.method == "POST" and form.is_valid():
        user, left = _check(request, form.cleaned_data["username"], form.cleaned_data["password"])
        if user is not None:
            return _signed_in(request, user, _next_page(request))
        context |= {"is_refused": True, "tries_left": left, "wait_minutes": throttle.WAIT_SECONDS // 60}
    return render(
        request,
        "accounts/sign_in.html",
        context,
        status=422 if form.errors or "is_refused" in context else 200,
    )


def _check(request: HttpRequest, username: str, password: str) -> tuple[User | None, int]:
    """Return the person, or None and how many tries are left."""
    keys = throttle.of_sign_in(request, username)
    left = throttle.take_try(keys)
    if left is None:
        return None, 0
    try:
        user = authenticate(request, username=username, password=password)
    except TooSoon:
        throttle.give_back(keys)
        raise
    if not isinstance(user, User):
        return None, left
    throttle.forget_tries(keys)
    return user, throttle.MOST_TRIES


def _signed_in(request: HttpRequest, user: User, address: str) -> HttpResponse:
    login(request, user, backend=_BACKEND)
    response = redirect(address)
    throttle.remember_browser(request, response, user)
    return response


def _next_page(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else resolve_url("home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the person's session in this browser."""
    logout(request)
    return redirect("sign_in")


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in by a one-time link: at once where a person opens it, after one button for everything else.

    A mail program or messenger that fetches a link to show a preview must not use it up; neither does a POST from
    another page, which is refused before it comes here.
    """
    if request.method == "POST" or (request.method == "GET" and _is_opened_by_a_person(request)):
        user = actions.use_sign_in_link(secret)
        if user is not None:
            return _signed_in(request, user, resolve_url("home"))
    elif (person := actions.person_of_link(secret)) is not None:
        return render(request, "accounts/sign_in_link.html", {"person": person})
    if request.user.is_authenticated:
        return redirect("home")
    return render(request, "accounts/sign_in_link_used.html", status=410)


def _is_opened_by_a_person(request: HttpRequest) -> bool:
    """Whether a browser shows the page to somebody who followed the link from outside of any web site.

    Browsers say so in headers that scripts and other sites cannot set; `Sec-Fetch-Site: none` also keeps a
    foreign page from signing somebody in as somebody else. Without these headers, only what comes from this
    very machine counts: no preview is made there.
    """
    headers = request.headers
    if getattr(request, "is_head", False):
        return False
    if "prefetch" in headers.get("Sec-Purpose", headers.get("Purpose", "")):
        return False
    if "Sec-Fetch-Mode" in headers:
        return headers["Sec-Fetch-Mode"] == "navigate" and headers.get("Sec-Fetch-Site") in {
            "none",
            "same-origin",
        }
    return _is_from_this_machine(request)


def _is_from_this_machine(request: HttpRequest) -> bool:
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    is_behind_a_proxy = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not is_behind_a_proxy and _is_loopback(request.META.get("REMOTE_ADDR", "")) and _is_loopback(host)


def _is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show and change one's name; list one's API tokens."""
    person = person_of(request)
    form = PersonForm(request.POST or None, instance=User.objects.get(pk=person.pk))
    if request.method == "POST" and form.is_valid():
        actions.edit_person(person, actor=person, **form.cleaned_data)
        messages.success(request, "Your name was saved.")
        return redirect("account")
    return _account_page(request, form=form, status=422 if form.errors else 200)


def _account_page(request: HttpRequest, *, status: int = 200, **context: object) -> HttpResponse:
    tokens = ApiToken.objects.filter(user=person_of(request), revoked_at=None)
    page = {
        "form": PersonForm(instance=person_of(request)),
        "token_form": TokenForm(),
        "tokens": tokens,
        **context,
    }
    return render(request, "accounts/account.html", page, status=status)


@login_required
@never_cache
@require_POST
def token_create(request: HttpRequest) -> HttpResponse:
    """Make an API token and show it, this once.

    The answer is the page itself and no redirect: a redirect would have to keep the token somewhere.
    """
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _account_page(request, token_form=form, status=422)
    person = person_of(request)
    token, secret = actions.create_token(
        person, actor=person, name=form.cleaned_data["name"], days=form.cleaned_data["days"]
    )
    return _account_page(request, new_token=token, secret=secret, status=201)


@login_required
@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of one's own API tokens."""
    person = person_of(request)
    token = get_object_or_404(ApiToken, pk=token_id, user=person)
    actions.revoke_token(token, actor=person)
    messages.success(
        request, f"The token {token.prefix}… was revoked. Programs that use it are refused from now on."
    )
    return redirect("account")


@sensitive_post_parameters()
@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's password, or set the first one; other browsers are signed out by it."""
    person = person_of(request)
    form_class = ChangePasswordForm if person.has_usable_password() else FirstPasswordForm
    if request.method != "POST":
        return render(request, "accounts/password.html", {"form": form_class(person)})
    keys = throttle.of_password_change(person)
    if throttle.take_try(keys) is None:
        context = {"form": form_class(person), "wait_minutes": throttle.WAIT_SECONDS // 60}
        return render(request, "accounts/password.html", context, status=429)
    form = form_class(person, request.POST)
    if not form.is_valid():
        return render(request, "accounts/password.html", {"form": form}, status=422)
    throttle.forget_tries(keys)
    ends_tokens = form.cleaned_data["ends_tokens"]
    actions.change_password(person, form.cleaned_data["new_password1"], actor=person, ends_tokens=ends_tokens)
    update_session_auth_hash(request, person)
    ended = " API tokens that you had are refused from now on." if ends_tokens else ""
    messages.success(request, f"Your password was saved. Other browsers were signed out.{ended}")
    return redirect("account")
