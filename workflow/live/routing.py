"""The websocket addresses."""

from channels.security.websocket import WebsocketDenier
from django.urls import URLPattern, path, re_path

from .consumers import BoardConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/sessions/<uuid:session_id>/", BoardConsumer.as_asgi()),
    re_path(r"", WebsocketDenier.as_asgi()),
]
