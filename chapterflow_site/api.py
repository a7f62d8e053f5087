"""The JSON API: one NinjaAPI, its routers, and the one place that turns refusals into problem+json."""

from ninja import NinjaAPI

api = NinjaAPI(title="ChapterFlow", version="1", urls_namespace="api")
