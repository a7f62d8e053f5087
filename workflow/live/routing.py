"""Maps websocket addresses to consumers."""

from channels.security.websocket import WebsocketDenier
from django.urls import URLPattern, path, re_path

from .consumers import BoardConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/sessions/<uuid:session_id>/", BoardConsumer.as_asgi()),
    # Without it an unknown address would be an error in the log instead of a refusal.
    re_path(r"", WebsocketDenier.as_asgi()),
]
