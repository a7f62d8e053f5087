"""Daphne's log of requests, where it is asked for, without the secrets of sign-in links."""

from daphne.access import AccessLogGenerator

from chapterflow_site.core.logs import discreet, one_line


class DiscreetAccessLog(AccessLogGenerator):  # type: ignore[misc]  # daphne has no types
    """Writes a line for each request."""

    def write_entry(self, host: str, date: object, request: str, *details: object, **more: object) -> None:
        """Write it."""
        super().write_entry(host, date, discreet(one_line(request)), *details, **more)
