"""The addresses of signing in and out and of one's account."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
