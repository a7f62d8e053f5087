"""Lets a socket open only from a page of this very site: cookies are shared with other ports of the host."""

from urllib.parse import SplitResult, urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.utils.http import is_same_domain

from .gate import Application, Receive, Scope, Send

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class SameOrigin:
    """Denies a socket whose Origin is neither the host that was asked nor one of CSRF_TRUSTED_ORIGINS."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        listed = scope.get("headers")
        headers = dict(listed) if isinstance(listed, list | tuple) else {}
        origin = headers.get(b"origin", b"").decode("latin1")
        host = headers.get(b"host", b"").decode("latin1")
        inner = self._application if is_same_origin(origin, host) else WebsocketDenier()
        await inner(scope, receive, send)


def is_same_origin(origin: str, host: str) -> bool:
    """Return whether `origin` is a page of `host` (with its port), or trusted, as Django judges forms.

    A host without a port has the origin's own default one: behind a proxy only that one knows the scheme.
    """
    try:
        page, asked = urlsplit(origin), urlsplit(f"//{host}")
        if any(_is_trusted(page, urlsplit(trusted)) for trusted in settings.CSRF_TRUSTED_ORIGINS):
            return True
        default = _PORTS.get(page.scheme)
        return (
            default is not None
            and page.hostname is not None
            and page.hostname == asked.hostname
            and (page.port or default) == (asked.port or default)
        )
    except ValueError:
        return False


def _is_trusted(page: SplitResult, trusted: SplitResult) -> bool:
    """Whether the two are the same; `https://*.example.org` stands for all below it."""
    return page.scheme == trusted.scheme and is_same_domain(page.netloc, trusted.netloc.removeprefix("*"))
