"""Registers the books app."""

from django.apps import AppConfig


class BooksConfig(AppConfig):
    """The content: books, storylines, chapters and their texts."""

    name = "books"

    def ready(self) -> None:
        """Register the system checks for settings."""
        from chapterflow_site.checks import broker, installation, language_models, sqlite  # noqa: F401
