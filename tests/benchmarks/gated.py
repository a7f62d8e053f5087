"""The settings with the prototype of a gate in front of SQLite: to compare with."""

from chapterflow_site.settings import *  # noqa: F403
from chapterflow_site.settings import DATABASES

DATABASES["default"]["ENGINE"] = "tests.benchmarks.sqlite_gate"
