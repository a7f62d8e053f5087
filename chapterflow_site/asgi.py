"""The ASGI application: pages by Django, live boards by Channels."""

import os
from typing import cast

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.sessions import CookieMiddleware
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chapterflow_site.settings")
django_application = get_asgi_application()

from workflow.routing import websocket_urlpatterns  # noqa: E402  (needs the apps that the line above loads)

from .gate import Application, BodyLimit, FiledBody  # noqa: E402
from .origin import SameOrigin  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": FiledBody(BodyLimit(cast(Application, django_application))),
        "websocket": AllowedHostsOriginValidator(
            SameOrigin(CookieMiddleware(URLRouter(websocket_urlpatterns)))
        ),
    }
)
