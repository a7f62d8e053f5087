"""The pages for what went wrong: not found, not allowed, refused, broken."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from .core.exceptions import DomainError
from .core.outages import RETRY_AFTER_SECONDS, outage_of


def refusal_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Show a domain refusal in its own words."""
    return render(
        request, "error.html", {"number": error.status, "heading": error.message}, status=error.status
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is nothing at this address, or it is somebody else's."""
    context = {
        "number": 404,
        "heading": "There is nothing at this address",
        "text": "It may have been deleted, the address may be mistyped, or it belongs to somebody else.",
    }
    return render(request, "error.html", context, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The person may not do this."""
    context = {"number": 403, "heading": "You may not do this", "text": "Sign in with an account that may."}
    return render(request, "error.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The browser sent something that cannot be read."""
    context = {
        "number": 400,
        "heading": "The request could not be read",
        "text": "Go back and try again. If you came by a link, it may be incomplete.",
    }
    return render(request, "error.html", context, status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old, or cookies are off."""
    context = {
        "number": 403,
        "heading": "This form is no longer valid",
        "text": "You may have signed in or out in another tab, or cookies are switched off. "
        "Go back, reload the page and send it again.",
    }
    return render(request, "error.html", context, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke on our side, or the database is away; neither database nor session is needed to say so."""
    context = {
        "number": 500,
        "heading": "Something went wrong on our side",
        "text": "What was being written goes on. Try again; if it comes back, the server’s log has the details.",
        "request_id": getattr(request, "request_id", ""),
    }
    away = outage_of(sys.exc_info()[1])
    if away is None:
        return HttpResponse(render_to_string("500.html", context), status=500)
    context |= {"number": away.status, "heading": "Nothing can be stored or read now", "text": away.message}
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return HttpResponse(render_to_string("500.html", context), status=away.status, headers=headers)
