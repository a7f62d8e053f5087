"""Registers the books app."""

from django.apps import AppConfig


class BooksConfig(AppConfig):
    """The content: books, storylines, chapters and their texts."""

    name = "books"
