"""Work done in forked processes, which have everything loaded that this one has."""

import json
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

AT_ONCE = (os.cpu_count() or 1) + 1

Key = TypeVar("Key")


def fork(work: Callable[[], object], error: Path, seconds: int = 0) -> int:
    """Do the work in a process of its own, which ends after so many seconds; 0 for no end. Returns its id.

    What breaks in it is written to `error`.
    """
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(seconds)
    try:
        error.touch()
        work()
    except BaseException:
        error.write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def ended(pid: int) -> int:
    """Wait for a process. Returns how it ended: 0, its code, or the negative number of its signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def side_by_side(
    works: Mapping[Key, Callable[[], Mapping[str, Any]]], folder: Path
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Do the works in processes of their own, a few at once. Yields what each returns, by its key, as they end."""
    waiting, begun = list(works.items()), {}
    while waiting or begun:
        while waiting and len(begun) < AT_ONCE:
            key, work = waiting.pop(0)
            answer = folder / f"work-{len(works) - len(waiting)}"
            begun[fork(_writing(work, answer), answer.with_suffix(".error"))] = key, answer
        pid, status = os.wait()
        key, answer = begun.pop(pid)
        assert status == 0, f"{key} ended by {status}: {answer.with_suffix('.error').read_text()}"
        yield key, json.loads(answer.read_text())


def _writing(work: Callable[[], Mapping[str, Any]], answer: Path) -> Callable[[], object]:
    return lambda: answer.write_text(json.dumps(work()))
