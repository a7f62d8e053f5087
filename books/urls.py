"""The addresses of uploading, outlines, reading and exports."""

from django.urls import path

from .views import export, outline, outline_moves, reading, upload

_VERSION = "books/<str:book_id>/v<int:number>/"

urlpatterns = [
    path("upload/", upload.upload, name="upload"),
    path("upload/template.json", upload.template_file, name="template_file"),
    path("sample/", upload.sample, name="sample"),
    path("help/", upload.help_page, name="help"),
    path(f"{_VERSION}outline/", outline.outline, name="outline"),
    path(f"{_VERSION}outline/edit/", outline.outline_edit, name="outline_edit"),
    path(f"{_VERSION}outline/move/", outline_moves.outline_move, name="outline_move"),
    path(f"{_VERSION}read/", reading.read, name="read"),
    path(f"{_VERSION}read/<int:chapter>/", reading.read_chapter, name="read_chapter"),
    path(f"{_VERSION}export/<str:format>/", export.export, name="export"),
]
