"""The ASGI application: pages by Django, live boards by Channels."""

import os
from typing import cast

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chapterflow_site.settings")
django.setup(set_prefix=False)

from workflow.live.routing import websocket_urlpatterns  # noqa: E402  (needs the apps that the line above loads)

from .web.gate import Application, BodyLimit, FiledBody  # noqa: E402
from .web.origin import SameOrigin  # noqa: E402
from .web.request_slots import SlottedHandler  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": FiledBody(BodyLimit(cast(Application, SlottedHandler()))),
        "websocket": AllowedHostsOriginValidator(
            SameOrigin(CookieMiddleware(URLRouter(websocket_urlpatterns)))
        ),
    }
)
