"""The addresses of uploading, outlines, reading and exports."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
