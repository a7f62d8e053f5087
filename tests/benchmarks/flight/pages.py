"""Pages of an installation, asked for each second while it works, and how long each took."""

import statistics
import threading
import time
import urllib.request
from collections.abc import Mapping
from types import TracebackType

from tests.installation import Installation

EVERY_SECONDS = 1.0
LONGEST_SECONDS = 60.0


class PageViews:
    """Asks for the pages, each second each once, while it is a context; slow ones do not hold the others up."""

    def __init__(self, site: Installation, paths: Mapping[str, str]) -> None:
        self._address = site.address
        self._cookie = site.cookie()
        self.took: dict[str, list[float]] = {name: [] for name in paths}
        self.failed = 0
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._view, args=each, daemon=True) for each in paths.items()
        ]

    def __enter__(self) -> "PageViews":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def rows(self) -> list[list[str]]:
        """Return for each page how often it was asked for, the median and the longest."""
        return [
            [name, str(len(took)), f"{statistics.median(took) * 1000:.0f} ms", f"{max(took) * 1000:.0f} ms"]
            for name, took in self.took.items()
            if took
        ]

    def _view(self, name: str, path: str) -> None:
        request = urllib.request.Request(f"{self._address}{path}", headers={"Cookie": self._cookie})
        pause = 0.0
        while not self._stopped.wait(pause):
            begin = time.monotonic()
            try:
                with urllib.request.urlopen(request, timeout=LONGEST_SECONDS) as response:
                    response.read()
            except OSError:
                self.failed += 1
            took = time.monotonic() - begin
            self.took[name].append(took)
            pause = max(0.0, EVERY_SECONDS - took)
