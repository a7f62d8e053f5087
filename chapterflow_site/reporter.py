"""The error page with source code that DEBUG shows, without the keys of this process."""

from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter


class KeylessReporter(ExceptionReporter):
    """Django's report takes out settings by their names; a key may stand in any variable of a frame."""

    def get_traceback_html(self) -> SafeString:
        """Return the page for a browser."""
        return mark_safe(_without_keys(super().get_traceback_html()))  # noqa: S308  (Django's own page, with less in it)

    def get_traceback_text(self) -> SafeString:
        """Return the same for a program."""
        return mark_safe(_without_keys(super().get_traceback_text()))  # noqa: S308  (plain text)


def _without_keys(text: str) -> str:
    # Every process loads this module with Django's log, before any app; few ever make a report.
    from workflow.agents.llm.calls.redaction import redact

    return redact(text)
