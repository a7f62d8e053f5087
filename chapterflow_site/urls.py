"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from .api import api

urlpatterns = [
    path("", include("books.urls")),
    path("", include("workflow.urls")),
    path("", include("chapterflow_site.accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
]

handler400 = "chapterflow_site.errors.bad_request"
handler403 = "chapterflow_site.errors.forbidden"
handler404 = "chapterflow_site.errors.not_found"
handler500 = "chapterflow_site.errors.server_error"
