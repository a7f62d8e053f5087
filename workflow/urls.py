"""The addresses of the home page, boards, review and questions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
