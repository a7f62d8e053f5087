"""What a tree of processes costs: memory that it does not share (PSS), sampled each second, and processor seconds."""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.installation import children_of

SAMPLE_SECONDS = 1.0
_TICKS = os.sysconf("SC_CLK_TCK")


def tree_of(pid: int) -> list[int]:
    """Return the ids of a process and all below it."""
    found = [pid]
    for each in found:
        with suppress(OSError):
            found += [child for child in children_of(each) if child not in found]
    return found


def pss_of(pid: int) -> float:
    """Return the process's part of the memory that it uses, in MB; 0 where it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def processor_seconds_of(pid: int) -> float:
    """Return user and system time of the process and of its children that have ended; 0 where it has ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    return 0.0


def files_and_threads(pid: int) -> tuple[int, int]:
    """Return how many open files and threads the process has; zeros where it has ended."""
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208
    return 0, 0


def named(pids: list[int]) -> Mapping[int, str]:
    """Return what each process of an installation runs: the management command, or else its last words."""
    found = {}
    for pid in pids:
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
            after = [
                place + 1
                for place, word in enumerate(words[:-1])
                if word.endswith("manage.py") or word == "-m"
            ]
            found[pid] = words[after[0]] if after else words[-1]
    return found


class Meter:
    """Measures a tree while it is a context; processes may come and go."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample_forever, daemon=True)
        self.rest_mb = self.peak_mb = self.memory()
        self._processor_before = self._processor()

    def __enter__(self) -> "Meter":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def memory(self) -> float:
        """Return the tree's memory now, in MB."""
        return sum(map(pss_of, tree_of(self._root)))

    def processor(self) -> float:
        """Return the processor seconds since the beginning, those of processes that have ended since included."""
        return self._processor() - self._processor_before

    def _processor(self) -> float:
        return sum(map(processor_seconds_of, tree_of(self._root)))

    def _sample_forever(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            self.peak_mb = max(self.peak_mb, self.memory())
