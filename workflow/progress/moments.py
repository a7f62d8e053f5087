"""Formats times as pages show them."""

from datetime import datetime
from typing import NamedTuple

from django.utils.timezone import localtime


class Moment(NamedTuple):
    """A time: for the browser to count from or to, and as a clock time for a page without scripts."""

    iso: str
    clock: str

    @classmethod
    def at(cls, time: datetime) -> "Moment":
        """Return the moment of `time`."""
        return cls(time.isoformat(timespec="milliseconds"), f"{localtime(time):%H:%M:%S}")

    @classmethod
    def maybe(cls, time: datetime | None) -> "Moment | None":
        """Return the moment of `time`, if there is one."""
        return cls.at(time) if time else None
